//! Packages edited in place: by processes that are killed or hit by a failing disk at any
//! call, with other names, by others at the same time.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use pkgseal_openpgp::Signed;
use pkgseal_repo::{Destination, Severity};
use pkgseal_rpm::Error;
use pkgseal_rpm::package::{
    self, Chosen, Edit, HardLinks, How, InPlace, Prepared, Signing, Times, Writing,
};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::strace::{self, Went};

use crate::common::{assert_accepted, codes, limits, rejections, signed, trusting};
use crate::signing::{Fixture, names_in};

/// Names the folder whose packages a child process signs, and how.
const FOLDER: &str = "PKGSEAL_IN_PLACE";

/// Every call of an edit in place that changes anything, or lets it last.
const CALLS: [&str; 9] = [
    "flock",
    "write",
    "linkat",
    "fsync",
    "pwrite64",
    "fallocate",
    "fdatasync",
    "syncfs",
    "unlink",
];

fn in_place() -> Writing {
    Writing {
        how: How::InPlace,
        ..Writing::default()
    }
}

fn prepare(path: &Path, key: &str, writing: Writing) -> pkgseal_rpm::Result<Prepared> {
    let signers = [keys::signer(key, signed())];
    let (beside, limits) = (Destination::Beside, limits());
    let mut signing = Signing::new(&signers, signed(), &beside, &limits);
    signing.writing = writing;
    signing.prepare(path)
}

fn edit(path: &Path, key: &str) -> Edit {
    match prepare(path, key, in_place()).unwrap() {
        Prepared::InPlace(edit) => *edit,
        Prepared::Staged(_) => panic!("{} would be copied", path.display()),
    }
}

fn sign(path: &Path, key: &str, writing: Writing) -> pkgseal_rpm::Result<Signed> {
    prepare(path, key, writing)?.put_in_place(path.to_owned())
}

fn packages(folder: &Path) -> Vec<PathBuf> {
    names_in(folder)
        .into_iter()
        .filter(|name| !name.starts_with('.'))
        .map(|name| folder.join(name))
        .collect()
}

/// Three packages: the last has no room for a signature where its head is to grow.
fn make(folder: &Path, grows: bool) {
    fs::create_dir(folder).unwrap();
    for name in ["a", "b", "c"] {
        let reserve = if grows && name == "c" { 16 } else { 1024 };
        let rpm = Rpm::new(name, "1.0", "noarch", Format::V4).reserve(Some(reserve));
        fs::write(folder.join(rpm.file_name()), rpm.build()).unwrap();
    }
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let edits = packages(Path::new(&folder))
        .iter()
        .map(|path| edit(path, "good-ed25519"))
        .collect();
    let run = InPlace::new();
    let written = run.write(edits);
    let finished = run.finish();
    written.into_iter().for_each(|one| drop(one.unwrap()));
    finished.unwrap();
}

fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let packages = packages(folder);
    packages
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect()
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// Does `what` to every call of a signing, one after the other.
fn at_every_call(what: &str, grows: bool) {
    let Some(strace) = strace::strace() else {
        return;
    };
    let top = tempfile::tempdir().unwrap();
    let (before, folder) = (top.path().join("before"), top.path().join("packages"));
    make(&before, grows);
    copy(&before, &folder);
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["in_place::child", "--exact", "--test-threads=1"])
        .env(FOLDER, &folder);
    let log = top.path().join("trace");
    if !program.output().unwrap().status.success() {
        assert!(grows, "the child fails by itself");
        println!("SKIP: this file system inserts no ranges");
        return;
    }
    let (old, new) = (contents(&before), contents(&folder));
    assert!(old.iter().zip(&new).all(|(old, new)| old != new));
    let verifier = trusting(&["good-ed25519"]);
    let (mut untouched, mut completed, mut well) = (0, 0, 0);
    for call in CALLS {
        for number in 1.. {
            copy(&before, &folder);
            let went = strace::inject(&strace, &program, call, what, number, &log);
            let place = format!("{what} at {call} {number}");
            match went {
                Went::Through => break,
                Went::Well => {
                    well += 1;
                    assert!(contents(&folder) == new, "{place}");
                    continue;
                }
                Went::Wrong => {}
            }
            // Everything is whole, or says how it becomes so.
            for (path, (old, new)) in packages(&folder).iter().zip(old.iter().zip(&new)) {
                let bytes = fs::read(path).unwrap();
                if bytes != *old && bytes != *new {
                    let found = package::verify(path, &verifier, &limits()).unwrap();
                    assert!(
                        rejections(&found).contains(&"rpm.signing-unfinished"),
                        "{place}: {:?}",
                        rejections(&found)
                    );
                }
            }
            package::recover(&folder).unwrap();
            let now = contents(&folder);
            for (now, (old, new)) in now.iter().zip(old.iter().zip(&new)) {
                assert!(now == old || now == new, "{place}: neither old nor new");
            }
            match now == new {
                true => completed += 1,
                false => untouched += 1,
            }
            assert_eq!(names_in(&folder).len(), 3, "{place}: litter");
            // And what is signed afterwards is as if nothing had happened.
            for path in packages(&folder) {
                sign(&path, "good-ed25519", in_place()).unwrap();
            }
            assert!(contents(&folder) == new, "{place}");
        }
    }
    println!("{what}: {untouched} stopped before the journal, {completed} completed, {well} well");
    assert!(untouched > 1 && completed + well > 1);
}

#[test]
fn a_kill_before_any_call() {
    at_every_call("signal=KILL", false);
}

#[test]
fn a_kill_before_any_call_while_a_head_grows() {
    at_every_call("signal=KILL", true);
}

#[test]
fn a_full_disk_at_any_call() {
    at_every_call("error=ENOSPC", true);
}

#[test]
fn a_failing_disk_at_any_call() {
    at_every_call("error=EIO", false);
}

/// A head of which only some pages or sectors reached the disk.
#[test]
fn a_torn_head_is_named_and_completed() {
    let Some(strace) = strace::strace() else {
        return;
    };
    let top = tempfile::tempdir().unwrap();
    let (before, folder) = (top.path().join("before"), top.path().join("packages"));
    make(&before, false);
    copy(&before, &folder);
    for path in packages(&folder) {
        sign(&path, "good-ed25519", in_place()).unwrap();
    }
    let (old, new) = (contents(&before), contents(&folder));
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["in_place::child", "--exact", "--test-threads=1"])
        .env(FOLDER, &folder);
    let verifier = trusting(&["good-ed25519"]);
    for (from, to) in [(0, 512), (512, 1024), (110, 300), (0, 1)] {
        copy(&before, &folder);
        let log = top.path().join("trace");
        let went = strace::inject(&strace, &program, "pwrite64", "signal=KILL", 2, &log);
        assert_eq!(went, Went::Wrong);
        let torn = packages(&folder).remove(1);
        let file = File::options().write(true).open(&torn).unwrap();
        file.write_all_at(&new[1][from..to], from as u64).unwrap();
        let found = package::verify(&torn, &verifier, &limits()).unwrap();
        if fs::read(&torn).unwrap() != old[1] {
            assert!(
                rejections(&found).contains(&"rpm.signing-unfinished"),
                "{from}"
            );
        }
        let completed = package::recover(&folder).unwrap();
        assert_eq!(completed.len(), 3);
        assert!(contents(&folder) == new, "{from}");
        assert_accepted(&package::verify(&torn, &verifier, &limits()).unwrap());
        assert!(package::recover(&folder).unwrap().is_empty());
    }
}

#[test]
fn what_changed_since_is_left_alone() {
    let Some(strace) = strace::strace() else {
        return;
    };
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("packages");
    make(&folder, false);
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["in_place::child", "--exact", "--test-threads=1"])
        .env(FOLDER, &folder);
    let log = top.path().join("trace");
    let went = strace::inject(&strace, &program, "pwrite64", "signal=KILL", 1, &log);
    assert_eq!(went, Went::Wrong);
    let packages = packages(&folder);
    // Another package of that name, one that is gone, and a link to somewhere else.
    let other = Rpm::new("a", "1.0", "noarch", Format::V4)
        .file("/etc/a", b"new")
        .build();
    fs::write(&packages[0], &other).unwrap();
    fs::remove_file(&packages[1]).unwrap();
    let elsewhere = top.path().join("elsewhere.rpm");
    fs::rename(&packages[2], &elsewhere).unwrap();
    let unsigned = fs::read(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &packages[2]).unwrap();
    let completed = package::recover(&folder).unwrap();
    let codes: Vec<_> = completed.iter().map(|one| one.finding.code.id).collect();
    assert_eq!(codes, ["rpm.signing-overtaken"; 3]);
    assert!(fs::read(&packages[0]).unwrap() == other);
    assert!(fs::read(&elsewhere).unwrap() == unsigned);
    assert!(package::recover(&folder).unwrap().is_empty());
}

#[test]
fn nothing_is_written_to_a_package_that_changed_or_is_held() {
    let fixture = Fixture::v4();
    let first = edit(&fixture.path, "good-ed25519");
    let busy = prepare(&fixture.path, "good-rsa2048", in_place()).unwrap_err();
    assert!(matches!(busy, Error::Busy { .. }), "{busy}");
    // Who does not ask may write all the same.
    let mut changed = fixture.unsigned.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(&fixture.path, &changed).unwrap();
    let run = InPlace::new();
    let written = run.write(vec![first]).pop().unwrap();
    assert!(matches!(written, Err(Error::Changed { .. })));
    run.finish().unwrap();
    assert!(fixture.bytes() == changed);
    assert_eq!(fixture.files().len(), 1);
}

#[test]
fn a_journal_stays_until_its_packages_are_on_the_disk() {
    let fixture = Fixture::v4();
    let run = InPlace::new();
    let edits = vec![edit(&fixture.path, "good-ed25519")];
    run.write(edits).pop().unwrap().unwrap();
    assert_eq!(fixture.files().len(), 2);
    let new = fixture.bytes();
    assert!(new != fixture.unsigned);
    // It belongs to a run that is under way.
    let folder = fixture.path.parent().unwrap();
    assert!(package::recover(folder).unwrap().is_empty());
    assert_eq!(fixture.files().len(), 2);
    run.finish().unwrap();
    assert_eq!(fixture.files().len(), 1);

    // One that nobody finishes is completed by whoever comes next.
    let run = InPlace::new();
    run.write(vec![edit(&fixture.path, "good-ed25519")]);
    drop(run);
    let completed = package::recover(folder).unwrap();
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0].finding.code.id, "rpm.signing-completed");
    assert!(fixture.bytes() == new);
    assert_eq!(fixture.files().len(), 1);
}

#[test]
fn broken_journals_are_cleared_away() {
    let fixture = Fixture::v4();
    let folder = fixture.path.parent().unwrap();
    for bytes in [&b""[..], b"pkgseal rpm heads 1\n", b"anything"] {
        fs::write(folder.join(".pkgseal-0123456789abcdef.rpm-journal"), bytes).unwrap();
        assert!(package::recover(folder).unwrap().is_empty());
        assert_eq!(fixture.files().len(), 1);
        assert!(fixture.bytes() == fixture.unsigned);
    }
    assert!(package::recover(&folder.join("absent")).is_err());
}

#[test]
fn other_names_are_broken_off_followed_or_refused() {
    let links = |hard_links, how| Writing {
        hard_links,
        how,
        ..Writing::default()
    };
    for how in [How::Auto, How::Copy] {
        let fixture = Fixture::v4();
        let other = fixture.path.with_extension("other");
        fs::hard_link(&fixture.path, &other).unwrap();
        let refused = sign(&fixture.path, "good", links(HardLinks::Refuse, how)).unwrap_err();
        assert!(
            matches!(refused, Error::HardLinks { links: 2, .. }),
            "{refused}"
        );
        assert!(refused.hint().is_some());
        assert!(fixture.bytes() == fixture.unsigned);

        let followed = sign(&fixture.path, "good", links(HardLinks::Follow, how)).unwrap();
        assert!(codes(&followed.examination, Severity::Warning).is_empty());
        assert!(fixture.bytes() != fixture.unsigned);
        assert!(fs::read(&other).unwrap() == fixture.bytes());

        let before = fixture.bytes();
        let broken = sign(&fixture.path, "good-rsa2048", links(HardLinks::Break, how));
        assert!(matches!(broken, Err(Error::SlotTaken { .. })));
        let (beside, limits) = (Destination::Beside, limits());
        let chosen = Chosen::All;
        let writing = links(HardLinks::Break, how);
        let unsigned = package::prepare_unsigned(&fixture.path, chosen, &beside, writing);
        let unsigned = unsigned
            .unwrap()
            .put_in_place(fixture.path.clone())
            .unwrap();
        assert!(codes(&unsigned.examination, Severity::Warning).contains(&"rpm.hard-links"));
        assert!(fixture.bytes() == fixture.unsigned);
        assert!(fs::read(&other).unwrap() == before);
        assert_accepted(&package::verify(&other, &trusting(&["good"]), &limits).unwrap());
    }
}

#[test]
fn the_file_keeps_what_it_is() {
    for how in [How::InPlace, How::Copy] {
        for times in [Times::Keep, Times::Now] {
            let fixture = Fixture::v4();
            let old = File::options().write(true).open(&fixture.path).unwrap();
            let then = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            old.set_modified(then).unwrap();
            fs::set_permissions(&fixture.path, fs::Permissions::from_mode(0o640)).unwrap();
            let before = fs::metadata(&fixture.path).unwrap();
            let writing = Writing {
                how,
                times,
                ..Writing::default()
            };
            sign(&fixture.path, "good", writing).unwrap();
            let after = fs::metadata(&fixture.path).unwrap();
            assert_eq!(after.mode(), before.mode());
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
            assert_eq!(after.modified().unwrap() == then, times == Times::Keep);
            assert_eq!(after.ino() == before.ino(), how == How::InPlace);
            assert_eq!(after.len(), before.len());
        }
    }
}

#[test]
fn a_link_stays_a_link() {
    let fixture = Fixture::v4();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.rpm");
    std::os::unix::fs::symlink(&fixture.path, &link).unwrap();
    sign(&link, "good", Writing::default()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fixture.bytes() != fixture.unsigned);
    assert_eq!(names_in(folder.path()), ["link.rpm"]);
    assert_eq!(fixture.files().len(), 1);
}

/// Where a header grows, a copy is made unless room is to be inserted.
#[test]
fn growth_is_by_a_copy_or_by_inserted_blocks() {
    for how in [How::Auto, How::InPlace] {
        let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(16));
        let fixture = Fixture::new(&rpm);
        let inode = fs::metadata(&fixture.path).unwrap().ino();
        let writing = Writing {
            how,
            ..Writing::default()
        };
        match sign(&fixture.path, "good-rsa4096", writing) {
            Err(Error::NotInPlace { .. }) if how == How::InPlace => {
                println!("SKIP: this file system inserts no ranges");
                assert!(fixture.bytes() == fixture.unsigned);
                assert_eq!(fixture.files().len(), 1);
                continue;
            }
            done => drop(done.unwrap()),
        }
        let kept = fs::metadata(&fixture.path).unwrap().ino() == inode;
        assert_eq!(kept, how == How::InPlace);
        assert_eq!(fixture.bytes().len(), fixture.unsigned.len() + 4096);
        let verifier = trusting(&["good-rsa4096"]);
        assert_accepted(&package::verify(&fixture.path, &verifier, &limits()).unwrap());
        let inode = fs::metadata(&fixture.path).unwrap().ino();
        let unsigned =
            package::prepare_unsigned(&fixture.path, Chosen::All, &Destination::Beside, writing);
        unsigned
            .unwrap()
            .put_in_place(fixture.path.clone())
            .unwrap();
        assert!(fixture.bytes() == fixture.unsigned);
        let kept = fs::metadata(&fixture.path).unwrap().ino() == inode;
        assert_eq!(kept, how == How::InPlace);
        assert_eq!(fixture.files().len(), 1);
    }
}
