"""What is said about places that a person points at."""

HINTS: dict[str, str] = {
    "points of a stroke are a list of (x, y); found {}": "笔画的 points 是 (x, y) 的列表；收到 {}",
    "hints are a JSON object with keep, drop, strokes, box; found {}": "提示是含 keep、drop、strokes、box 的 JSON 对象；收到 {}",
    "the point {},{} to {} lies outside of the photo of {} pixels": "点 {},{}（{}）在 {} 像素的照片之外",
    "a point is X,Y or X,Y,RADIUS in pixels of the upright photo; found {}": "点写作 X,Y 或 X,Y,半径，单位为正立照片的像素；收到 {}",
    "{} of hints holds points (x, y) or (x, y, radius); found {}": "提示的 {} 由点 (x, y) 或 (x, y, 半径) 组成；收到 {}",
    "box of hints is left, top, width, height; found {}": "提示的 box 为 左、上、宽、高；收到 {}",
    "the hints are no JSON: {}": "提示不是 JSON：{}",
    "{} of a hint is a number; found {}": "提示的 {} 应为数字；收到 {}",
    "a stroke has kind, points and radius; found {}": "笔画由 kind、points 和 radius 组成；收到 {}",
    "{} of a hint lies in {}…{}; found {}": "提示的 {} 应在 {}…{} 之间；收到 {}",
    "hints have {}; found {}": "提示含有 {}；收到 {}",
    "a stroke has 1…{} points; found {}": "笔画有 1…{} 个点；收到 {}",
    "a stroke is one of {}; found {}": "笔画的种类为 {} 之一；收到 {}",
    "a photo takes at most {} points and strokes": "一张照片最多 {} 个点和笔画",
    "{} of hints is a list; found {}": "提示的 {} 应为列表；收到 {}",
    "count in pixels of the upright photo, from its upper left corner": "请从正立照片的左上角起以像素计",
    "a photo takes at most {} points and strokes; {} has {}": "一张照片最多 {} 个点和笔画；{} 有 {}",
    "hints are places in one photo, found {} photos": "提示是一张照片中的位置，收到 {} 张照片",
    "cut them one by one, or put NAME.hints.json beside each and use `gigamatte batch`": (
        "请逐张处理，或在每张旁放置 NAME.hints.json 并使用 `gigamatte batch`"
    ),
    "This place is the subject (upright photo pixels). Repeatable.": "此处属于主体（正立照片的像素）。可重复。",
    "This place is not the subject. Repeatable.": "此处不属于主体。可重复。",
    "A file of points, strokes and a box: {'keep': [[X, Y]], …}.": "含点、笔画和框的文件：{'keep': [[X, Y]], …}。",
    "{} is larger than {} bytes: too long for hints": "{} 超过 {} 字节：作为提示过长",
    "the hints are longer than {} bytes": "提示超过 {} 字节",
    "send fewer or shorter strokes": "请发送更少或更短的笔画",
}
