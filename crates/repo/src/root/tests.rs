use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

fn safe(path: &str) -> SafePath {
    SafePath::new(path).unwrap()
}

#[test]
fn files_are_read_up_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("a")).unwrap();
    fs::write(dir.path().join("a/b"), "12345").unwrap();
    let root = Root::open(dir.path()).unwrap();
    assert_eq!(root.read(&safe("a/b"), 5).unwrap().unwrap(), b"12345");
    assert!(root.exists(&safe("a/b")).unwrap());
    assert!(root.read(&safe("a/c"), 5).unwrap().is_none());
    assert!(root.read(&safe("a/b/c"), 5).unwrap().is_none());
    assert!(!root.exists(&safe("c")).unwrap());
    assert!(matches!(
        root.read(&safe("a/b"), 4),
        Err(Error::TooLarge { limit: 4, .. })
    ));
    let below = root.dir(&safe("a")).unwrap().unwrap();
    assert_eq!(below.path(), dir.path().join("a"));
    assert_eq!(below.read(&safe("b"), 9).unwrap().unwrap(), b"12345");
    assert!(root.dir(&safe("x")).unwrap().is_none());
    assert!(root.dir(&safe("a/b")).unwrap().is_none());
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Root::open(&dir.path().join("absent")),
        Err(Error::Read { .. })
    ));
    fs::write(dir.path().join("file"), "").unwrap();
    assert!(Root::open(&dir.path().join("file")).is_err());
}

#[test]
fn pipes_devices_sockets_and_directories_are_no_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("directory")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        dir.path().join("pipe"),
        rustix::fs::Mode::RUSR,
    )
    .unwrap();
    let _listener = UnixListener::bind(dir.path().join("socket")).unwrap();
    let root = Root::open(dir.path()).unwrap();
    for name in ["directory", "pipe", "socket"] {
        assert!(
            matches!(root.file(&safe(name)), Err(Error::NotAFile { .. })),
            "{name}"
        );
    }
    let dev = Root::open(Path::new("/dev")).unwrap();
    assert!(matches!(
        dev.file(&safe("null")),
        Err(Error::NotAFile { .. })
    ));
}

#[test]
fn a_link_out_of_the_root_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    symlink("/etc/passwd", dir.path().join("out")).unwrap();
    symlink("/etc", dir.path().join("etc")).unwrap();
    symlink("self", dir.path().join("self")).unwrap();
    let root = Root::open(dir.path()).unwrap();
    for path in ["out", "etc/passwd", "self"] {
        assert!(
            matches!(root.file(&safe(path)), Err(Error::UnsafePath { .. })),
            "{path}"
        );
    }
    assert!(matches!(
        root.dir(&safe("etc")),
        Err(Error::UnsafePath { .. })
    ));
}

#[test]
fn the_walk_is_sorted_and_names_what_it_cannot_use() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path();
    fs::create_dir_all(top.join("z/deep")).unwrap();
    fs::create_dir(top.join("a")).unwrap();
    fs::create_dir(top.join("bad\u{1b}dir")).unwrap();
    fs::write(top.join("bad\u{1b}dir/hidden"), "").unwrap();
    fs::write(top.join("z/deep/file"), "123").unwrap();
    fs::write(top.join("a/one"), "1").unwrap();
    fs::write(top.join("a.txt"), "22").unwrap();
    fs::write(top.join("new\nline"), "").unwrap();
    fs::write(top.join(OsStr::from_bytes(b"latin\xe4")), "").unwrap();
    symlink("a/one", top.join("link")).unwrap();
    symlink("z", top.join("linked-directory")).unwrap();
    symlink("/etc/passwd", top.join("out")).unwrap();
    symlink("nowhere", top.join("dangling")).unwrap();
    let root = Root::open(top).unwrap();

    let walked = root.walk(None).unwrap();
    let good: Vec<_> = walked
        .iter()
        .filter_map(|(path, size)| Some((path.as_ref().ok()?.as_str(), *size)))
        .collect();
    assert_eq!(
        good,
        [("a.txt", 2), ("a/one", 1), ("link", 1), ("z/deep/file", 3)]
    );
    let refused = walked.iter().filter(|(path, _)| path.is_err()).count();
    assert_eq!(refused, 4, "{walked:?}");

    let links = root.survey(None).unwrap().directory_links;
    assert_eq!(links, [safe("linked-directory")]);

    let below = root.walk(Some(&safe("z"))).unwrap();
    assert_eq!(below.len(), 1);
    assert_eq!(below[0].0.as_ref().unwrap().as_str(), "z/deep/file");
    assert!(root.walk(Some(&safe("absent"))).is_err());
}

#[test]
fn a_named_file_is_read_up_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "12345").unwrap();
    assert_eq!(read_file(&path, 5).unwrap(), b"12345");
    assert!(matches!(read_file(&path, 4), Err(Error::TooLarge { .. })));
    assert!(matches!(
        read_file(&dir.path().join("absent"), 4),
        Err(Error::Read { .. })
    ));
    assert!(read_file(dir.path(), 4).is_err());
    // Endless, without a size: the cap holds.
    assert!(matches!(
        read_file(Path::new("/dev/zero"), 1000),
        Err(Error::TooLarge { .. })
    ));
}
