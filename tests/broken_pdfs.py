"""PDFs that are damaged, odd or made to harm, each built here from bytes, with what loading it has to say."""

import base64
import io
import zlib
from collections.abc import Callable
from functools import cache

import pypdf
from reportlab.pdfgen.canvas import Canvas

SECRET = "Quillemont"  # A word of the text that no message may carry.
LINE = f"The patient told {SECRET} that the cough is better."
Objects = dict[int, bytes]


AES = zlib.decompress(
    base64.b85decode(
        r"c-oCrONd-W6vYS{9x5(GaAhHkNKjw>KhRE?%=Dlp!wl0g0Y8xX+?sUk=^kFc$wzddqPP>?1SGf;LCjL(MmH`bp!gxdg@GU@pvXX0;wr)Wx;vAGcH!&hQ"
        r"FY#_d(ZvUom*R4eu_OUin-sf{dlQhgpxrxQM6h`dHBp0kaE%2zBkw?$~C_ML&A};Ud+!I&`%AK&m0)>it=DL4arMHG<@<(Q7#U)`!!)xN5y|0Z5&mA)U"
        r"l^>1ya`^7@S616n~m=VjLe^?AJ&f5;<nB!*H-&MHJasT*j~C1taRV=<$EzUrzZy1pSTrIAM%8gkfEQ-z*;d^YY<+d#^1%bJuV8?%Z=~-=_<IfB)-8NAG"
        r"^%vA5LKhkm&J#%AZnPV4;r*ROtd>*!x!@Bi?tZ~wUT-Zy(Mep!F<`GuDcef;>jQ}4Wf_K9~N`DF3J{`OB--u&m6owJueSb6mAC(j)_@$k?0y?_3@=fj?"
        r"h$8Ox*bMVy{8(|aI6NzdjMNL>m+1U>DXxo6SC=d7{i~=s7h2BZ1yU|Yts;8}V>mHC+)BwhEAt?vuxsQ?RkiFoM1}RhsAsQFFj0$X^lH!xCu||6cIy;w`"
        r"R~91J6hO1!von%O?nS07B<iN~Y^K~FAqopc^lrwv!u1-F+)1YmcN`1W?bT3`vQzth@>MFzRnl?+63-BT>D)-LQkr05=2iz5WAI8v%c(RuNR@dqNy!*>;"
        r"4w$TMWDb`V%F&-P_oLx25)W5H0q=S#QCCpfwYpB*;wI>QHm<GpDfQ*QyUcrgeh$z^-d@jS&&)fj4~KcESnIWvs^_*@#TfjDnX3idaVsO?-Qy+FN@2guI"
        r"$ulvRc@#kGD@Y9bYaD;_4Rk8`26X7uua8VmDEOPr4V6ZZ4Ctfo4<P*{rrn%P59{Gluz!0i~N5AOmm(QHqq(NV>z43!bdhF=ZjaM%M%slh92f&`jdO2}d"
        r";pK-go!ozX(FOhZtK8jV$_UT4iQdEgAwRC<<^w%7?iQZ%y$)h6CW<-Ebl(nMJnT%ud_L=9F+%iwgLZk5v&<bo1g(A|e<rGz4x>|zXW#pp}_4yNS{#<-Z"
        r"lxMDLH_U$ZYXEDvD&eoOh_MjT|bf^0opyYCWFu(yfo<+~~^ML5ddI@J&ODWLa;Z-tHi_9ohT*(a9VMb*PasK~MaO$=Du{yI=6LWi}4QpT3qr@?$bul;B"
        r"UR^H!1u$!;jQ"
    )
)
"""A page that anyone may open and only its owner may change, in AES with 256 bits, which pypdf cannot write by itself."""


def build(objects: Objects, trailer: bytes = b"/Root 1 0 R", offsets: dict[int, int] | None = None) -> bytes:
    """A PDF of these objects with its table; `offsets` puts wrong places into it."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    places |= offsets or {}
    table, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    return bytes(out + b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, table))


def stream(data: bytes, about: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), about) + data + b"\nendstream"


def shown(*lines: str) -> bytes:
    """The content of a page with these lines."""
    drawn = b"".join(b"(%s) Tj 0 -15 Td\n" % line.encode("latin-1") for line in lines)
    return b"BT /F1 11 Tf 50 700 Td\n" + drawn + b"ET"


def one_page(content: bytes = b"", resources: bytes = b"", page: bytes = b"", root: bytes = b"", **more: bytes) -> Objects:
    """The objects of a document of one page; `more` objects come under their numbers, `n9=…`."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % root,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> %s >> %s >>" % (resources, page),
        4: content or stream(shown(LINE)),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    return objects | {int(name[1:]): body for name, body in more.items()}


def pages(count: int, lines: tuple[str, ...] = (LINE,)) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1)
    for number in range(count):
        for at, line in enumerate(lines):
            canvas.drawString(60, 780 - 15 * at, f"{line} {number} {at}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def encrypted(user: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pages(1)))
    writer.encrypt(user, "the owner", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@cache
def inflating(size: int, unit: bytes = b"0 g ") -> bytes:
    """Compressed data that unpacks to so many megabytes of these bytes."""
    packer = zlib.compressobj(1)
    block = unit * (1024 * 1024 // len(unit))
    return b"".join([*(packer.compress(block) for _ in range(size)), packer.flush()])


def laughs() -> Objects:
    """Forms that draw ten forms that draw ten forms, nine deep."""
    forms = {
        f"n{number}": stream(
            b"/X Do " * 10 if number < 19 else shown(LINE),
            b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F1 5 0 R >> /XObject << /X %d 0 R >> >>"
            % min(number + 1, 19),
        )
        for number in range(10, 20)
    }
    return one_page(stream(b"/X Do"), b"/XObject << /X 10 0 R >>", **forms)


def deep_tree(depth: int) -> Objects:
    objects = one_page()
    objects[2] = b"<< /Type /Pages /Kids [10 0 R] /Count 1 >>"
    for number in range(10, 10 + depth):
        objects[number] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (number + 1, number - 1)
    objects[10 + depth] = objects[3]
    return objects


def chained_table() -> bytes:
    """A table whose predecessor is itself."""
    data = build(one_page())
    place = data.rindex(b"xref\n0 ")
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % place)


def lzw(size: int) -> bytes:
    """Rubbish for the LZW filter that is read as ever longer repeats."""
    return b"\x80" + bytes(range(1, 256)) * size


WORDS = b"(abc) Tj "
KINDS: dict[str, Callable[[], bytes]] = {
    # Refused, with the reason:
    "user password": lambda: encrypted("only the sender knows it"),
    "unknown encryption": lambda: build(one_page(n9=b"<< /Filter /Rot13 /V 9 /R 9 >>"), b"/Root 1 0 R /Encrypt 9 0 R"),
    "head alone": lambda: b"%PDF-1.7\n",
    "rubbish": lambda: b"%PDF-1.7\n" + LINE.encode() * 100,
    "nothing but zeros": lambda: b"%PDF-1.7\n" + bytes(5_000_000),
    "cut to a quarter": lambda: (whole := pages(3))[: len(whole) // 4],
    "no pages": lambda: build(one_page() | {2: b"<< /Type /Pages /Kids [] /Count 0 >>"}),
    "no catalog": lambda: build(one_page(), b"/Root 99 0 R", {1: 0}).replace(b"/Type /Catalog", b"/Type /Nothing"),
    "page tree in a circle": lambda: build(one_page() | {2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}),
    "two page trees in a circle": lambda: build(
        one_page() | {2: b"<< /Type /Pages /Kids [9 0 R] /Count 5 >>", 9: b"<< /Type /Pages /Kids [2 0 R] /Count 5 >>"}
    ),
    "page tree too deep": lambda: build(deep_tree(20_000)),
    "a hundred thousand pages": lambda: build(
        one_page() | {2: b"<< /Type /Pages /Kids [" + b"3 0 R " * 100_000 + b"] /Count 100000 >>"}
    ),
    "two thousand million pages": lambda: build(one_page() | {2: b"<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>"}),
    "scan": lambda: build(one_page(stream(b"q 612 0 0 792 0 0 cm /I Do Q"), b"/XObject << /I 9 0 R >>", n9=IMAGE)),
    "content that unpacks to 2 gigabytes": lambda: build(one_page(stream(inflating(2048), b"/Filter /FlateDecode"))),
    "content packed twice": lambda: build(
        one_page(stream(zlib.compress(inflating(2048)), b"/Filter [/FlateDecode /FlateDecode]"))
    ),
    "forms of forms of forms": lambda: build(laughs()),
    "content that is not compressed as it says": lambda: build(one_page(stream(b"rubbish" * 50, b"/Filter /FlateDecode"))),
    "content nested without end": lambda: build(one_page(stream(b"[" * 2_000_000))),
    "content in an unknown filter": lambda: build(one_page(stream(shown(LINE), b"/Filter /Zipped"))),
    "content gone": lambda: build({number: body for number, body in one_page().items() if number != 4}),
    # Read, with or without a warning:
    "owner password": lambda: encrypted(""),
    "owner password in AES": lambda: AES,
    "table of wrong places": lambda: build(one_page(), offsets={1: 7, 2: 11, 3: 99999, 4: 3}),
    "table in a circle": chained_table,
    "end cut off": lambda: (whole := build(one_page()))[: whole.rindex(b"xref\n0 ")],
    "rubbish before the head": lambda: b"From: ward\r\n\r\n" + build(one_page()),
    "rubbish behind the end": lambda: build(one_page()) + b"\0" * 4000,
    "text shown five million times": lambda: build(
        one_page(stream(zlib.compress(b"BT /F1 9 Tf " + WORDS * 5_000_000 + b"ET"), b"/Filter /FlateDecode"))
    ),
    "form that draws itself": lambda: build(
        one_page(
            stream(shown(LINE) + b" /X Do"),
            b"/XObject << /X 9 0 R >>",
            n9=stream(b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 9 0 R >> >>"),
        )
    ),
    "font that is not there": lambda: build(one_page() | {5: b"null"}),
    "letters that unpack to 2 gigabytes": lambda: build(
        one_page(n9=stream(inflating(2048), b"/Filter /FlateDecode"))
        | {5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 9 0 R >>"}
    ),
    "image that unpacks to 30 gigabytes under white text": lambda: build(
        one_page(
            stream(b"q 612 0 0 792 0 0 cm /I Do Q 1 g " + shown(LINE)),
            b"/XObject << /I 9 0 R >>",
            n9=stream(
                inflating(64),
                b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8"
                b" /Filter /FlateDecode",
            ),
        )
    ),
    "page of a hundred miles": lambda: build(
        one_page(stream(b"1 g " + shown(LINE))) | {3: PAGE.replace(b"612 792", b"9999999 9999999")}
    ),
    "page without size": lambda: build(one_page() | {3: PAGE.replace(b"0 0 612 792", b"0 0 0 0")}),
    "page of letters for numbers": lambda: build(one_page() | {3: PAGE.replace(b"0 0 612 792", b"(a) (b) /c null")}),
    "bookmarks in a circle": lambda: build(
        one_page(
            root=b"/Outlines 9 0 R",
            n9=b"<< /Type /Outlines /First 10 0 R /Last 10 0 R /Count 1 >>",
            n10=b"<< /Title (Plan) /Parent 9 0 R /Next 10 0 R /First 10 0 R /Dest [3 0 R /Fit] >>",
        )
    ),
    "annotations in a circle": lambda: build(
        one_page(page=b"/Annots 9 0 R", n9=b"[10 0 R 9 0 R]", n10=b"<< /Subtype /Text /Parent 10 0 R /Popup 10 0 R /A 10 0 R >>")
    ),
    "form fields in a circle": lambda: build(
        one_page(root=b"/AcroForm << /Fields [9 0 R] >>", n9=b"<< /T (dose) /Kids [9 0 R 9 0 R] /Parent 9 0 R >>")
    ),
    "five thousand times one page": lambda: build(
        one_page(stream(shown(*[LINE] * 40))) | {2: b"<< /Type /Pages /Kids [" + b"3 0 R " * 5000 + b"] /Count 5000 >>"}
    ),
    "names in a circle": lambda: build(
        one_page(root=b"/Names << /EmbeddedFiles 9 0 R /Dests 9 0 R /JavaScript 9 0 R >>", n9=b"<< /Kids [9 0 R 9 0 R] >>")
    ),
    "properties that unpack to 2 gigabytes": lambda: build(
        one_page(root=b"/Metadata 9 0 R", n9=stream(inflating(2048), b"/Type /Metadata /Subtype /XML /Filter /FlateDecode"))
    ),
    "properties with entities of entities": lambda: build(
        one_page(
            root=b"/Metadata 9 0 R",
            n9=stream(
                b'<!DOCTYPE x [<!ENTITY a "ha">'
                + b"".join(b'<!ENTITY a%d "&a;&a;&a;">' % at for at in range(9))
                + b"]><x>&a;</x>",
                b"/Type /Metadata /Subtype /XML",
            ),
        )
    ),
    "embedded file that unpacks to 2 gigabytes": lambda: build(
        one_page(
            root=b"/Names << /EmbeddedFiles << /Names [(all.txt) 9 0 R] >> >>",
            n9=b"<< /Type /Filespec /F (all.txt) /UF (all.txt) /EF << /F 10 0 R >> >>",
            n10=stream(inflating(2048), b"/Filter /FlateDecode"),
        )
    ),
    "arrays nested without end": lambda: build(one_page(page=b"/Extra " + b"[" * 500_000)),
    "stream longer than the file": lambda: build(one_page(b"<< /Length 99999999999 >>\nstream\n" + shown(LINE) + b"\nendstream")),
    "content in LZW without end": lambda: build(one_page(stream(lzw(20_000), b"/Filter /LZWDecode"))),
    "text that never ends": lambda: build(one_page(stream(b"BT /F1 11 Tf 50 700 Td (" + LINE.encode() * 10))),
    "a font that draws with itself": lambda: build(
        one_page(n9=stream(b"500 0 d0 BT /F1 1 Tf (a) Tj ET"))
        | {
            5: b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] "
            b" /CharProcs << /a 9 0 R >>"
            b" /FirstChar 97 /LastChar 97 /Widths [1] /Encoding << /Differences [97 /a] >>"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        }
    ),
    "one page of three damaged": lambda: _one_damaged(),
    "one page of three without end": lambda: _one_damaged(stream(inflating(2048), b"/Filter /FlateDecode")),
    "one page of three a scan": lambda: _one_damaged(stream(b"")),
}
IMAGE = stream(b"\x80", b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8")
PAGE = one_page()[3]


def _one_damaged(content: bytes = b"<< /Length 5 /Filter /FlateDecode >>\nstream\nwrong\nendstream") -> bytes:
    objects = one_page() | {2: b"<< /Type /Pages /Kids [3 0 R 8 0 R 9 0 R] /Count 3 >>", 7: content}
    objects |= {8: PAGE.replace(b"/Contents 4", b"/Contents 7"), 9: PAGE}
    return build(objects)
