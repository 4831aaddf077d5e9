"""The Chinese catalogue: English → Chinese. ``{}`` stands for a value, ``{0}``, ``{1}`` where their order changes."""

#: errors, hints, warnings, help and what the commands print
TEXTS: dict[str, str] = {}

#: the viewer and the web page
PAGE: dict[str, str] = {
    # viewer
    "Cutout": "抠图结果",
    "Photo": "原图",
    "Picture viewer": "图片查看器",
    "Fit": "适合",
    "Fit to the window": "适合窗口",
    "Zoom out": "缩小",
    "Zoom in": "放大",
    "Zoom in and out": "放大、缩小",
    "One picture pixel on one screen pixel": "原始像素（1:1）",
    "Eight times enlarged": "放大 8 倍",
    "Chequered background": "棋盘格背景",
    "Gradient background": "渐变背景",
    "White background": "白色背景",
    "Black background": "黑色背景",
    "Any background colour": "自选背景颜色",
    "Next background": "下一个背景",
    "Alpha": "透明度",
    "Opacity only": "只看透明度",
    "Before / after": "前后对比",
    "Left picture": "左边的图片",
    "Right picture": "右边的图片",
    "Keyboard": "键盘快捷键",
    "Move the picture": "移动图片",
    "Move the divider": "移动分隔线",
    "This browser could not show a part of": "浏览器无法显示其中一部分：",
    "This page needs JavaScript.": "此页面需要 JavaScript。",
}
