"""Drop-in routes for programs written for remove.bg and for rembg's server."""

from __future__ import annotations

from fastapi import APIRouter

from gigamatte.service import like_rembg, like_removebg

router = APIRouter()
router.include_router(like_removebg.router)
router.include_router(like_rembg.router)
