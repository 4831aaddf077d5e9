"""The service's own route for one photo at once."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gigamatte.service.answers import receipt_headers
from gigamatte.service.arrival import FILES, PROBLEM_ANSWERS, Arrival, Cut, PassingFile, client_gone
from gigamatte.service.openapi import PHOTO, accepted
from gigamatte.service.options import MEDIA
from gigamatte.worker.wire import Job

router = APIRouter()


@router.post(
    "/remove_background",
    tags=["photos"],
    summary="Cut one photo and wait for it",
    response_class=Response,
    responses={200: PHOTO} | PROBLEM_ANSWERS,
    openapi_extra=accepted(FILES),
)
async def remove_background(request: Request, query: Cut) -> Response:
    """Send a photo as the multipart field `image`, get the cutout at the photo's own resolution."""
    arrival = Arrival(request)
    try:
        await arrival.receive()
        options = query.options(arrival.desk.settings, backdrop=arrival.backdrop)
        arrival.reserve(arrival.folder / "image", options)
        mask = arrival.folder / "mask"
        target = arrival.folder / "result"
        job = Job(arrival.folder / "image", target, options, mask=mask if mask.exists() else None)
        receipt = await arrival.desk.cut(job, lambda: client_gone(request))
        return PassingFile(arrival, target, media_type=MEDIA[options.format or "png"], headers=receipt_headers(receipt))
    except BaseException:
        arrival.close()
        raise
