"""A copy of a workbook's zip file with a few parts replaced; every other part is moved as it lies, still packed.

So nothing is unpacked that need not be: a part that nothing reads may be damaged or unpack to gigabytes.
"""

from __future__ import annotations

import copy
import io
import struct
import zipfile
from collections.abc import Mapping

_HEADER = struct.Struct("<4s22xHH")  # before each part: its mark, and the lengths of its name and extra field


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The zip file `data` with these parts' contents. zipfile.BadZipFile when it contradicts itself."""
    out = io.BytesIO()
    left = dict(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        infos = source.infolist()
        if sum(info.compress_size for info in infos) > len(data):
            raise zipfile.BadZipFile("parts overlap")
        for info in infos:
            content = left.pop(info.filename, None)
            if content is None:
                _move(data, info, target)
            else:
                fresh = zipfile.ZipInfo(info.filename, info.date_time)
                fresh.external_attr = info.external_attr
                target.writestr(fresh, content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _move(data: bytes, info: zipfile.ZipInfo, target: zipfile.ZipFile) -> None:
    mark, name, extra = _HEADER.unpack_from(data, info.header_offset)
    if mark != b"PK\x03\x04":
        raise zipfile.BadZipFile("a part is not where the directory says")
    start = info.header_offset + _HEADER.size + name + extra
    packed = data[start : start + info.compress_size]
    if len(packed) < info.compress_size:
        raise zipfile.BadZipFile("a part is cut off")
    moved = copy.copy(info)
    moved.flag_bits &= ~0x08  # the sizes stand in front, not after
    moved.extra = b""
    file = target.fp
    assert file is not None
    file.seek(target.start_dir)
    moved.header_offset = file.tell()
    file.write(moved.FileHeader())
    file.write(packed)
    target.filelist.append(moved)
    target.start_dir = file.tell()
