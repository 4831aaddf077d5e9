/* The background buttons of a report's crops. */
{
  const spots = document.getElementById("spots");
  const buttons = [...document.querySelectorAll(".choices button")];
  const choose = (chosen) => {
    spots.className = "spots ground-" + chosen.dataset.ground;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button));
  choose(buttons[0]);
}
