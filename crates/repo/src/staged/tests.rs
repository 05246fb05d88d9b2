use std::io::{Read, Seek};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use super::*;

/// Names in a directory, temporary ones too.
fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// The same file, staged under a temporary name as where there is no `O_TMPFILE`.
fn named(target: &Path) -> StagedFile {
    let mut staged = StagedFile::create(target).unwrap();
    if staged.name.is_none() {
        let mode = Mode::RUSR | Mode::WUSR;
        let (file, name) = Name::give(&staged.parent, |path| open_named(path, mode)).unwrap();
        staged.file = file;
        staged.name = Some(name);
    }
    staged
}

#[test]
fn a_committed_file_replaces_the_old_one_and_keeps_its_mode() {
    for stage in [|p: &Path| StagedFile::create(p).unwrap(), named] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("Release");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, PermissionsExt::from_mode(0o640)).unwrap();
        let mut staged = stage(&target);
        staged.write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        let nameless = staged.name.is_none();
        staged.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["Release"]);
        if nameless {
            assert_eq!(mode(&target), 0o640);
        }
    }
}

#[test]
fn a_new_file_is_readable_and_a_secret_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain");
    StagedFile::create(&plain).unwrap().commit().unwrap();
    assert_eq!(mode(&plain) & 0o600, 0o600);
    assert_eq!(mode(&plain) & 0o133, 0);
    let secret = dir.path().join("secret");
    let mut staged = StagedFile::create_secret(&secret).unwrap();
    assert_eq!(staged.file_mut().metadata().unwrap().mode() & 0o7777, 0o600);
    staged.commit().unwrap();
    assert_eq!(mode(&secret), 0o600);
    // Even over a file the world could read.
    let staged = StagedFile::create_secret(&plain).unwrap();
    staged.commit().unwrap();
    assert_eq!(mode(&plain), 0o600);
}

#[test]
fn the_owner_of_the_old_file_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(&target, "old").unwrap();
    if std::os::unix::fs::chown(&target, Some(12345), Some(12346)).is_err() {
        println!("SKIP: only root gives files away");
        return;
    }
    fs::set_permissions(&target, PermissionsExt::from_mode(0o664)).unwrap();
    StagedFile::create(&target).unwrap().commit().unwrap();
    let new = fs::metadata(&target).unwrap();
    assert_eq!((new.uid(), new.gid()), (12345, 12346));
    assert_eq!(mode(&target), 0o664);
}

/// The value of an extended attribute, if it is there.
fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let size = rustix::fs::getxattr(path, name, &mut value[..]).ok()?;
    Some(value[..size].to_vec())
}

#[test]
fn extended_attributes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(&target, "old").unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::setxattr(&target, "user.origin", b"mirror", flags).is_err() {
        println!("SKIP: no extended attributes here");
        return;
    }
    for stage in [|p: &Path| StagedFile::create(p).unwrap(), named] {
        let mut staged = stage(&target);
        staged.write_all(b"new").unwrap();
        if staged.name.is_none() {
            staged.commit().unwrap();
            assert_eq!(attribute(&target, "user.origin").unwrap(), b"mirror");
        }
    }
    // A secret takes nothing over.
    StagedFile::create_secret(&target)
        .unwrap()
        .commit()
        .unwrap();
    assert_eq!(attribute(&target, "user.origin"), None);
}

/// An access control list as the kernel keeps it (acl(5), posix_acl_xattr.h): the owner, a
/// user by number, the group, the mask, others.
fn list(user: u32, rights: u16) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    let nobody = u32::MAX;
    for (tag, rights, id) in [
        (1u16, 6u16, nobody),
        (2, rights, user),
        (4, 4, nobody),
        (16, rights, nobody),
        (32, 0, nobody),
    ] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(rights.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

#[test]
fn access_control_lists_are_kept_and_not_inherited() {
    let dir = tempfile::tempdir().unwrap();
    let (with, without) = (dir.path().join("with"), dir.path().join("without"));
    fs::write(&with, "old").unwrap();
    fs::write(&without, "old").unwrap();
    let (access, default) = ("system.posix_acl_access", "system.posix_acl_default");
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::setxattr(&with, access, &list(12345, 4), flags).is_err() {
        println!("SKIP: no access control lists here");
        return;
    }
    rustix::fs::setxattr(dir.path(), default, &list(54321, 6), flags).unwrap();
    let before = attribute(&with, access).unwrap();
    for target in [&with, &without] {
        let old = mode(target);
        let mut staged = StagedFile::create(target).unwrap();
        staged.write_all(b"new").unwrap();
        staged.commit().unwrap();
        assert_eq!(mode(target), old);
    }
    assert_eq!(attribute(&with, access).unwrap(), before);
    assert_eq!(attribute(&without, access), None);
}

#[test]
fn times_are_kept_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(&target, "old").unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
    let old = File::options().append(true).open(&target).unwrap();
    old.set_modified(then).unwrap();
    let modified = || fs::metadata(&target).unwrap().modified().unwrap();
    for keep in [true, false] {
        let mut staged = StagedFile::create(&target).unwrap();
        staged.write_all(b"new").unwrap();
        if keep {
            staged.keep_times().unwrap();
        }
        staged.commit().unwrap();
        assert_eq!(modified() == then, keep);
    }
    let new = StagedFile::create(&dir.path().join("new")).unwrap();
    new.keep_times().unwrap();
}

#[test]
fn dropping_discards() {
    for stage in [|p: &Path| StagedFile::create(p).unwrap(), named] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        fs::write(&target, "old").unwrap();
        let mut staged = stage(&target);
        staged.write_all(b"new").unwrap();
        drop(staged);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["file"]);
    }
}

#[test]
fn what_was_written_can_be_read_before_it_is_visible() {
    for stage in [|p: &Path| StagedFile::create(p).unwrap(), named] {
        let dir = tempfile::tempdir().unwrap();
        let mut staged = stage(&dir.path().join("file"));
        staged.write_all(b"all of it").unwrap();
        let mut text = String::new();
        staged.reopen().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "all of it");
        staged.file_mut().rewind().unwrap();
        staged.write_all(b"ALL").unwrap();
        staged.commit().unwrap();
        assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"ALL of it");
    }
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/file"), "old").unwrap();
    symlink("real/file", dir.path().join("link")).unwrap();
    symlink("link", dir.path().join("twice")).unwrap();
    symlink("real/new", dir.path().join("dangling")).unwrap();
    let mut staged = StagedFile::create(&dir.path().join("twice")).unwrap();
    staged.write_all(b"new").unwrap();
    let real = dir.path().canonicalize().unwrap().join("real/file");
    assert_eq!(staged.target(), real);
    staged.commit().unwrap();
    assert_eq!(fs::read(dir.path().join("real/file")).unwrap(), b"new");
    let link = fs::symlink_metadata(dir.path().join("link")).unwrap();
    assert!(link.is_symlink());
    let staged = StagedFile::create(&dir.path().join("dangling")).unwrap();
    staged.commit().unwrap();
    assert!(dir.path().join("real/new").is_file());

    symlink("self", dir.path().join("self")).unwrap();
    assert!(StagedFile::create(&dir.path().join("self")).is_err());
}

#[test]
fn targets_that_cannot_be_replaced_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for target in [
        dir.path().join("file/below"),
        dir.path().join("absent/file"),
        dir.path().to_owned(),
        dir.path().join(".."),
        PathBuf::from("/"),
        PathBuf::from(""),
        PathBuf::from("/dev/null"),
        PathBuf::from("/proc/nothing"),
    ] {
        let refused = StagedFile::create(&target);
        assert!(matches!(refused, Err(Error::Write { .. })), "{target:?}");
    }
    assert_eq!(names(dir.path()), ["file"]);
}

#[test]
fn a_target_that_became_a_directory_is_an_error_and_leaves_nothing() {
    for stage in [|p: &Path| StagedFile::create(p).unwrap(), named] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        let staged = stage(&target);
        fs::create_dir(&target).unwrap();
        assert!(matches!(staged.commit(), Err(Error::Write { .. })));
        assert_eq!(names(dir.path()), ["file"]);
    }
}

#[test]
fn a_set_becomes_visible_whole_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut set = StagedSet::new();
    assert!(set.is_empty());
    for number in 0..300 {
        let target = dir.path().join(format!("{number:03}"));
        let mut staged = StagedFile::create(&target).unwrap();
        write!(staged, "{number}").unwrap();
        set.push(staged);
    }
    assert_eq!(set.len(), 300);
    let visible = |name: &String| !name.starts_with('.');
    assert_eq!(names(dir.path()).iter().filter(|n| visible(n)).count(), 0);
    let targets = set.commit().unwrap();
    assert_eq!(targets.len(), 300);
    assert!(targets.is_sorted());
    assert_eq!(names(dir.path()).len(), 300);
    assert_eq!(fs::read(dir.path().join("299")).unwrap(), b"299");
}

#[test]
fn sets_add_up_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let stage = |number: usize| {
        let mut file = StagedFile::create(&folder.path().join(format!("{number:03}"))).unwrap();
        file.write_all(b"new").unwrap();
        file
    };
    let mut all = StagedSet::new();
    // The first is small enough to stay open, the second is not.
    for numbers in [0..5, 5..205, 205..210] {
        let mut part = StagedSet::new();
        numbers.for_each(|number| part.push(stage(number)));
        all.append(part);
    }
    assert_eq!(all.len(), 210);
    let written = all.commit().unwrap();
    let expected: Vec<String> = (0..210).map(|number| format!("{number:03}")).collect();
    let order: Vec<_> = written
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(order, expected);
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn a_dropped_set_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut set = StagedSet::new();
    for number in 0..200 {
        set.push(StagedFile::create(&dir.path().join(number.to_string())).unwrap());
    }
    drop(set);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_set_that_fails_early_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone");
    fs::create_dir(&gone).unwrap();
    fs::write(dir.path().join("first"), "old").unwrap();
    let mut set = StagedSet::new();
    set.push(StagedFile::create(&dir.path().join("first")).unwrap());
    set.push(StagedFile::create(&gone.join("second")).unwrap());
    // A nameless file keeps no directory alive.
    if fs::remove_dir(&gone).is_err() {
        println!("SKIP: no O_TMPFILE here");
        return;
    }
    assert!(matches!(set.commit(), Err(Error::Write { .. })));
    assert_eq!(fs::read(dir.path().join("first")).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["first"]);
}

/// Runs this test binary again as a child that replaces `target` and is then stopped
/// by `shell`, which starts it.
fn child(scenario: &str, target: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(shell)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "staged::tests::child_process", "--nocapture"])
        .env("PKGSEAL_STAGED_CHILD", scenario)
        .env("PKGSEAL_STAGED_TARGET", target)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Not a test of its own: the child of the next ones.
#[test]
fn child_process() {
    let Ok(scenario) = std::env::var("PKGSEAL_STAGED_CHILD") else {
        return;
    };
    let target = PathBuf::from(std::env::var_os("PKGSEAL_STAGED_TARGET").unwrap());
    let mut staged = StagedFile::create(&target).unwrap();
    match scenario.as_str() {
        "wait" => {
            staged.write_all(b"half of the new").unwrap();
            io::stdout().write_all(b"written\n").unwrap();
            io::stdout().flush().unwrap();
            let _ = io::stdin().read(&mut [0]);
        }
        "too-large" => {
            let failed = staged.write_all(&vec![b'n'; 1 << 20]).is_err();
            drop(staged);
            io::stdout()
                .write_all(if failed { b"failed\n" } else { b"written\n" })
                .unwrap();
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_killed_run_leaves_the_old_file_and_no_litter() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(&target, "old").unwrap();
    let nameless = StagedFile::create(&target).unwrap().name.is_none();
    let mut child = child("wait", &target, "exec \"$0\" \"$@\"")
        .spawn()
        .unwrap();
    let mut output = String::new();
    let mut stdout = child.stdout.take().unwrap();
    while !output.contains("written") {
        let mut piece = [0; 256];
        let count = stdout.read(&mut piece).unwrap();
        assert_ne!(count, 0, "{output}");
        output.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"old");
    if nameless {
        assert_eq!(names(dir.path()), ["file"]);
    }
}

#[test]
fn a_failed_write_leaves_the_old_file_and_no_litter() {
    // A file size limit stands in for a full disk: it stops root too, anywhere.
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(&target, "old").unwrap();
    let output = child(
        "too-large",
        &target,
        "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"",
    )
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("failed"), "{said}");
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["file"]);
}
