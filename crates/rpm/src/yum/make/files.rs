//! The files of a package, as its header lists them.

use super::values::Values;

/// FILEFLAGS: not in the payload.
const GHOST: u64 = 1 << 6;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Ghost,
}

impl Kind {
    /// The value of the attribute `type`, where it has one.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::File => None,
            Self::Directory => Some("dir"),
            Self::Ghost => Some("ghost"),
        }
    }
}

/// One file: its path and what it is.
pub(super) type Listed = (Vec<u8>, Kind);

/// Every file, in the order of the header.
pub(super) fn all(values: Values<'_>) -> Vec<Listed> {
    const OLDFILENAMES: u32 = 1027;
    const FILEMODES: u32 = 1030;
    const FILEFLAGS: u32 = 1037;
    const DIRINDEXES: u32 = 1116;
    const BASENAMES: u32 = 1117;
    const DIRNAMES: u32 = 1118;
    let directories: Vec<&[u8]> = values.texts(DIRNAMES).collect();
    let split = values.numbers(DIRINDEXES).zip(values.texts(BASENAMES));
    let joined = split.map(|(directory, name)| {
        let directory = usize::try_from(directory).ok();
        let directory = directory.and_then(|number| directories.get(number));
        [directory.copied().unwrap_or_default(), name].concat()
    });
    let whole = values.texts(OLDFILENAMES).map(<[u8]>::to_vec);
    let whole = whole.filter(|_| !values.has(BASENAMES));
    let kinds = values.numbers(FILEMODES).zip(values.numbers(FILEFLAGS));
    let kinds = kinds.map(|(mode, flags)| {
        if mode & 0o170_000 == 0o040_000 {
            Kind::Directory
        } else if flags & GHOST != 0 {
            Kind::Ghost
        } else {
            Kind::File
        }
    });
    joined.chain(whole).zip(kinds).collect()
}

/// Whether the primary index lists it too: programs and configuration, which other packages
/// require by path.
pub(super) fn is_primary(path: &[u8]) -> bool {
    path.starts_with(b"/etc/")
        || path == b"/usr/lib/sendmail"
        || path.windows(4).any(|four| four == b"bin/")
}

#[cfg(test)]
mod tests {
    use super::is_primary;

    #[test]
    fn what_others_require_by_path() {
        for path in [
            "/etc/passwd",
            "/usr/bin/ls",
            "/opt/x/sbin/y",
            "/usr/lib/sendmail",
        ] {
            assert!(is_primary(path.as_bytes()), "{path}");
        }
        for path in [
            "/usr/share/etc/x",
            "/usr/lib/sendmail2",
            "/usr/bin",
            "etc/x",
        ] {
            assert!(!is_primary(path.as_bytes()), "{path}");
        }
    }
}
