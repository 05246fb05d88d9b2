//! Opening a path that cannot leave a directory, whatever its symbolic links say.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, readlinkat};
use rustix::io::Errno;

use crate::SafePath;

/// As many links as Linux itself follows in one path.
const MAX_LINKS: usize = 40;

/// Opens `path` beneath `root`. `EXDEV` means that a link leads out.
pub(crate) fn open(root: impl AsFd, path: &SafePath, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
    // `EAGAIN` says that something was renamed while the kernel looked at a `..`.
    for _ in 0..64 {
        match openat2(
            &root,
            path.as_str(),
            flags,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS,
        ) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Kernels before 5.6 lack the call; old container filters refuse it.
            Err(Errno::NOSYS | Errno::PERM) => break,
            decided => return decided,
        }
    }
    walk(root, path, flags)
}

/// The same, one component at a time, no link ever followed by the kernel.
fn walk(root: impl AsFd, path: &SafePath, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let here = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut todo: VecDeque<OsString> = path.components().map(OsString::from).collect();
    // Directories entered, so that `..` of a link goes back the way we came.
    let mut stack: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    while let Some(component) = todo.pop_front() {
        if component == ".." {
            stack.pop().ok_or(Errno::XDEV)?;
            continue;
        }
        let current = stack.last().map_or(root.as_fd(), AsFd::as_fd);
        let found = openat(current, &component, here, Mode::empty())?;
        let kind = FileType::from_raw_mode(fstat(&found)?.st_mode);
        if kind == FileType::Symlink {
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP);
            }
            let target = readlinkat(&found, "", Vec::new())?.into_bytes();
            if target.starts_with(b"/") {
                return Err(Errno::XDEV);
            }
            for part in target.rsplit(|&byte| byte == b'/') {
                if !part.is_empty() && part != b"." {
                    todo.push_front(OsString::from_vec(part.to_vec()));
                }
            }
        } else if todo.is_empty() {
            return openat(current, &component, flags | OFlags::NOFOLLOW, Mode::empty());
        } else if kind == FileType::Directory {
            stack.push(found);
        } else {
            return Err(Errno::NOTDIR);
        }
    }
    // A link that ends in a directory: `..`, `.`, or an empty target.
    let current = stack.last().map_or(root.as_fd(), AsFd::as_fd);
    openat(current, ".", flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    type Opener = fn(&File, &SafePath) -> rustix::io::Result<OwnedFd>;

    /// Both ways in must agree on every case.
    const OPENERS: [(&str, Opener); 2] = [
        ("kernel", |root, path| open(root, path, OFlags::RDONLY)),
        ("walk", |root, path| walk(root, path, OFlags::RDONLY)),
    ];

    #[test]
    fn links_are_followed_inside_and_never_out() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let dir = tempfile::tempdir_in(outside.path()).unwrap();
        let top = dir.path();
        fs::create_dir_all(top.join("pool/main")).unwrap();
        fs::write(top.join("pool/main/file"), "inside").unwrap();
        symlink("pool/main/file", top.join("direct")).unwrap();
        symlink("pool", top.join("through")).unwrap();
        symlink("../pool/../pool/./main//file", top.join("pool/around")).unwrap();
        symlink("direct", top.join("twice")).unwrap();
        symlink("..", top.join("pool/up")).unwrap();

        symlink("/etc/passwd", top.join("absolute")).unwrap();
        symlink(top.join("pool/main/file"), top.join("absolute-inside")).unwrap();
        symlink("../secret", top.join("out")).unwrap();
        symlink("../../secret", top.join("pool/out")).unwrap();
        symlink("..", top.join("above")).unwrap();
        symlink("loop", top.join("loop")).unwrap();
        symlink("nowhere", top.join("dangling")).unwrap();

        let root = File::open(top).unwrap();
        for (name, opener) in OPENERS {
            for good in [
                "pool/main/file",
                "direct",
                "through/main/file",
                "pool/around",
                "twice",
                "pool/up/pool/main/file",
            ] {
                let opened = opener(&root, &SafePath::new(good).unwrap());
                let mut text = String::new();
                File::from(opened.unwrap_or_else(|e| panic!("{name} {good}: {e}")))
                    .read_to_string(&mut text)
                    .unwrap();
                assert_eq!(text, "inside", "{name} {good}");
            }
            for (bad, errno) in [
                ("absolute", Errno::XDEV),
                ("absolute-inside", Errno::XDEV),
                ("out", Errno::XDEV),
                ("pool/out", Errno::XDEV),
                ("above/secret", Errno::XDEV),
                ("above", Errno::XDEV),
                ("loop", Errno::LOOP),
                ("dangling", Errno::NOENT),
                ("absent", Errno::NOENT),
                ("pool/main/file/below", Errno::NOTDIR),
            ] {
                let refused = opener(&root, &SafePath::new(bad).unwrap());
                assert_eq!(refused.err(), Some(errno), "{name} {bad}");
            }
        }
    }

    #[test]
    fn magic_links_of_proc_are_not_followed() {
        let root = File::open("/proc/self").unwrap();
        for (name, opener) in OPENERS {
            for magic in ["root/etc/passwd", "cwd/Cargo.toml", "exe"] {
                let path = SafePath::new(magic).unwrap();
                assert!(opener(&root, &path).is_err(), "{name} {magic}");
            }
        }
    }
}
