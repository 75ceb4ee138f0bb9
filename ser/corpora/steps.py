"""Steps to get a corpus that several corpora share."""


def converted(suffix: str) -> str:
    """Step that turns films, or sound of a format that cannot be decoded, into wav files beside them.

    Examples
    --------
    >>> converted("avi").partition(":")[0]
    'convert the avi files with ffmpeg (https'
    """
    wav = f'"$(echo "$f" | sed \'s/{suffix}$/wav/\')"'
    return (
        f"convert the {suffix} files with ffmpeg (https://ffmpeg.org), for example with: find {{root}} -name"
        f" '*.{suffix}' | while read -r f; do ffmpeg -nostdin -i \"$f\" -vn {wav}; done"
    )
