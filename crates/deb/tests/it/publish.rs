//! Publishing generations: what readers see, what is kept, what is refused.

mod crash;
mod reader;
mod together;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pkgseal_deb::apt::{self, Generation, Lock, PublishOptions};
use pkgseal_deb::{Error, Result};
use pkgseal_openpgp::Signed;
use pkgseal_repo::publication::Retention;
use pkgseal_repo::{CheckOptions, NoProgress, SafePath};
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys;

use self::reader::Reader;
use crate::common::{accepted, folder, rejected, repository, verifier_at, verify_tree};

pub(crate) fn safe(path: &str) -> SafePath {
    SafePath::new(path).unwrap()
}

/// Generation `number` of a suite: the same packages, and one whose version is the number.
pub(crate) fn numbered(suite: &str, number: u32) -> Repository {
    let version = format!("{number}.0");
    let packages = vec![
        ("main", Deb::new("hello", "1.0", "amd64")),
        ("main", Deb::new("counter", &version, "amd64")),
        ("contrib", Deb::new("extra", "3.0-1", "amd64")),
    ];
    let repository = if suite.is_empty() {
        Repository::flat(packages.into_iter().map(|(_, deb)| deb).collect())
    } else {
        Repository::new(suite, packages)
    };
    repository
        .by_hash()
        .digests(&[Digest::Sha256, Digest::Sha512])
}

pub(crate) fn generation(repository: &Repository) -> Generation {
    let indices = repository.indices().into_iter();
    Generation {
        suite: (!repository.suite.is_empty()).then(|| safe(&repository.folder())),
        indices: indices.map(|(path, bytes)| (safe(&path), bytes)).collect(),
        release: repository.release().into_bytes(),
    }
}

/// Puts the packages where the indices of this generation say they are.
pub(crate) fn pool(root: &Path, repository: &Repository) {
    for (component, deb) in &repository.packages {
        let path = root.join(repository.pool_path(component, deb));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, deb.build()).unwrap();
    }
}

pub(crate) fn publish(
    root: &Path,
    generations: Vec<Generation>,
    signers: &[&str],
    options: &PublishOptions,
) -> Result<Signed> {
    publish_at(
        root,
        generations,
        signers,
        options,
        keys::time(keys::SIGNED),
    )
}

fn publish_at(
    root: &Path,
    generations: Vec<Generation>,
    signers: &[&str],
    options: &PublishOptions,
    time: Timestamp,
) -> Result<Signed> {
    let signers: Vec<_> = signers
        .iter()
        .map(|name| keys::signer(name, time))
        .collect();
    let check = CheckOptions::default();
    apt::publish(
        root,
        generations,
        &signers,
        time,
        options,
        &check,
        &NoProgress,
    )
}

/// Publishes generation `number`, its packages first.
pub(crate) fn publish_number(root: &Path, suite: &str, number: u32) -> Signed {
    fs::create_dir_all(root).unwrap();
    pool(root, &numbered(suite, number));
    publish_indices(root, suite, number)
}

/// Publishes generation `number`, whose packages are there.
pub(crate) fn publish_indices(root: &Path, suite: &str, number: u32) -> Signed {
    let generations = vec![generation(&numbered(suite, number))];
    publish(root, generations, &["good"], &PublishOptions::default()).unwrap()
}

/// Every file beneath, with its content.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = pkgseal_repo::Root::open(root).unwrap().walk(None).unwrap();
    let read = |(path, _): (pkgseal_repo::Result<SafePath>, u64)| {
        let path = path.unwrap().to_string();
        let bytes = fs::read(root.join(&path)).unwrap();
        (path, bytes)
    };
    files.into_iter().map(read).collect()
}

fn objects(root: &Path) -> usize {
    let all = content(root);
    all.keys().filter(|path| path.contains("/by-hash/")).count()
}

#[test]
fn generations_follow_one_another() {
    for suite in ["stable", "stable/updates", ""] {
        let folder = folder();
        let root = folder.path();
        for number in 1..=5 {
            let done = publish_number(root, suite, number);
            accepted(&done.examination);
            assert_eq!(done.examination.signatures.len(), 2);
            let last = done.outputs.last().unwrap();
            assert!(last.ends_with("InRelease"), "{last:?}");
            assert!(done.outputs.iter().all(|path| path.is_file()));
            accepted(&verify_tree(root, &["good"]));
            let left: Vec<_> = fs::read_dir(root.join(".pkgseal"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert!(
                left.iter()
                    .all(|name| name == "lock" || name == "generations")
            );
        }
    }
}

#[test]
fn objects_of_three_generations_stay_and_of_older_ones_go() {
    let folder = folder();
    let root = folder.path();
    let mut releases = Vec::new();
    for number in 1..=6 {
        publish_number(root, "stable", number);
        releases.push(numbered("stable", number));
        for (age, repository) in releases.iter().rev().enumerate() {
            let counter = |(path, _): &(String, Vec<u8>)| path.starts_with("main/");
            for (path, bytes) in repository.indices().into_iter().filter(counter) {
                for (digest, name) in [(Digest::Sha256, "SHA256"), (Digest::Sha512, "SHA512")] {
                    let parent = Path::new(&path).parent().unwrap().display().to_string();
                    let object = format!(
                        "dists/stable/{parent}/by-hash/{name}/{}",
                        digest.hex(&bytes)
                    );
                    let there = fs::read(root.join(&object)).ok();
                    assert_eq!(there.is_some(), age < 3, "{number} {object}");
                    assert!(there.is_none_or(|content| content == bytes));
                }
            }
        }
    }
    // Three generations of main, one of contrib, three variants, two digests.
    assert_eq!(objects(root), (3 + 1) * 3 * 2);
}

/// Whoever read an InRelease finds what it lists for as long as was asked for, however many
/// publications there were since.
#[test]
fn objects_stay_for_as_long_as_was_asked_for() {
    let folder = folder();
    let root = folder.path();
    let options = PublishOptions {
        keep: Retention {
            generations: 2,
            span: SignedDuration::from_mins(150),
        },
        ..PublishOptions::default()
    };
    let reader = Reader::of(root.join("dists/stable"));
    let mut read = Vec::new();
    for hour in 0..7 {
        let repository = numbered("stable", hour);
        pool(root, &repository);
        let time = keys::time(keys::SIGNED) + SignedDuration::from_hours(hour.into());
        let generations = vec![generation(&repository)];
        publish_at(root, generations, &["good"], &options, time).unwrap();
        read.push(reader.root().unwrap());
        for (age, seen) in (0..).zip(read.iter().rev()) {
            // It was the newest until its successor came.
            let kept = age < 2 || (age - 1) * 60 < 150;
            let found = reader.by_hash(seen);
            assert_eq!(found.is_ok(), kept, "{hour} {age} {found:?}");
        }
    }
    // Three that two hours and a half need, and the new one.
    assert_eq!(objects(root), (4 + 1) * 3 * 2);
    // New dates take nothing from anybody, long after.
    let refresh = apt::RefreshOptions::default();
    let later = keys::time(keys::SIGNED) + SignedDuration::from_hours(500);
    let (signers, check) = ([keys::signer("good", later)], CheckOptions::default());
    apt::refresh(
        root,
        &verifier_at(&["good"], "2025-04-01"),
        &signers,
        later,
        &refresh,
        &check,
        &NoProgress,
    )
    .unwrap();
    assert_eq!(objects(root), (4 + 1) * 3 * 2);
}

#[test]
fn an_index_that_is_not_given_stays_and_has_to_be_right() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let next = numbered("stable", 2);
    pool(root, &next);
    let mut only_main = generation(&next);
    only_main
        .indices
        .retain(|(path, _)| path.as_str().starts_with("main/"));
    publish(
        root,
        vec![only_main.clone()],
        &["good"],
        &PublishOptions::default(),
    )
    .unwrap();
    accepted(&verify_tree(root, &["good"]));

    let before = content(root);
    only_main.indices.clear();
    only_main.release = numbered("stable", 3).release().into_bytes();
    let refused = publish(root, vec![only_main], &["good"], &PublishOptions::default());
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("(file."), "{message}");
    assert_eq!(content(root), before);
}

#[test]
fn what_readers_would_reject_is_not_published() {
    type Change = fn(&mut Generation);
    let change: [(&str, Change); 6] = [
        ("file.digest-mismatch", |g| g.indices[0].1[3] ^= 1),
        ("file.size-mismatch", |g| g.indices[0].1.push(0)),
        ("apt.publish.unlisted", |g| {
            g.indices
                .push((safe("main/binary-hurd/Packages"), b"x".to_vec()));
        }),
        ("apt.release.malformed", |g| g.release.push(b'\n')),
        ("apt.release.expired", |g| {
            let text = String::from_utf8(g.release.clone()).unwrap();
            let dated = text.replacen(
                "Acquire-By-Hash",
                "Valid-Until: Mon, 03 Feb 2025 00:00:00 UTC\nAcquire-By-Hash",
                1,
            );
            g.release = dated.into_bytes();
        }),
        ("apt.release.not-yet-valid", |g| {
            let text = String::from_utf8(g.release.clone()).unwrap();
            g.release = text.replace("01 Mar 2025", "02 Mar 2025").into_bytes();
        }),
    ];
    for suite in ["stable", ""] {
        for (code, change) in change {
            let folder = folder();
            let root = folder.path();
            publish_number(root, suite, 1);
            let next = numbered(suite, 2);
            pool(root, &next);
            let before = content(root);
            let mut generation = generation(&next);
            change(&mut generation);
            let refused = publish(
                root,
                vec![generation],
                &["good"],
                &PublishOptions::default(),
            );
            let error = refused.unwrap_err();
            assert!(matches!(error, Error::Refused { .. }), "{error}");
            assert!(error.to_string().contains(code), "{code}: {error}");
            assert_eq!(content(root), before, "{code}");
        }
    }
}

#[test]
fn no_suite_is_published_when_one_is_refused() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    publish_number(root, "testing", 1);
    let (stable, testing) = (numbered("stable", 2), numbered("testing", 2));
    pool(root, &stable);
    let before = content(root);
    let mut bad = generation(&testing);
    bad.indices[0].1[0] ^= 1;
    let both = vec![generation(&stable), bad];
    assert!(publish(root, both, &["good"], &PublishOptions::default()).is_err());
    assert_eq!(content(root), before);
    let both = vec![generation(&stable), generation(&testing)];
    publish(root, both, &["good"], &PublishOptions::default()).unwrap();
    accepted(&verify_tree(root, &["good"]));
    let twice = vec![generation(&stable), generation(&stable)];
    let refused = publish(root, twice, &["good"], &PublishOptions::default());
    assert!(refused.unwrap_err().to_string().contains("cannot write"));
}

#[test]
fn without_a_key_only_what_was_never_signed_is_published() {
    let folder = folder();
    let root = folder.path();
    let first = numbered("stable", 1);
    pool(root, &first);
    let options = PublishOptions::default();
    let done = publish(root, vec![generation(&first)], &[], &options).unwrap();
    assert!(
        done.outputs
            .last()
            .unwrap()
            .ends_with("dists/stable/Release")
    );
    rejected(&verify_tree(root, &["good"]), &["apt.release.unsigned"]);
    publish_number(root, "stable", 2);
    let third = numbered("stable", 3);
    let refused = publish(root, vec![generation(&third)], &[], &options).unwrap_err();
    assert!(
        refused.to_string().contains("apt.release.unsigned"),
        "{refused}"
    );
    accepted(&verify_tree(root, &["good"]));
}

#[test]
fn what_others_made_is_taken_over() {
    let folder = folder();
    let root = folder.path();
    repository().write(root);
    fs::write(root.join("dists/stable/ChangeLog"), "by hand").unwrap();
    std::os::unix::fs::symlink("stable", root.join("dists/latest")).unwrap();
    std::os::unix::fs::symlink("ChangeLog", root.join("dists/stable/News")).unwrap();
    let before = objects(root);
    let next = numbered("stable", 1);
    pool(root, &next);
    let mut through_link = generation(&next);
    through_link.suite = Some(safe("dists/latest"));
    publish(
        root,
        vec![through_link],
        &["good"],
        &PublishOptions::default(),
    )
    .unwrap();
    accepted(&verify_tree(root, &["good"]));
    assert!(
        fs::symlink_metadata(root.join("dists/latest"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::read(root.join("dists/latest/News")).unwrap(),
        b"by hand"
    );
    assert!(objects(root) > before, "the old objects are still there");
    for number in 2..=4 {
        publish_number(root, "stable", number);
    }
    // What stood there went when its generation did.
    assert_eq!(objects(root), (3 + 1) * 3 * 2);
}

#[test]
fn a_suite_that_leads_out_is_not_published() {
    let outside = folder();
    let folder = folder();
    let root = folder.path();
    fs::create_dir(root.join("dists")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("dists/stable")).unwrap();
    let next = numbered("stable", 1);
    let refused = publish(
        root,
        vec![generation(&next)],
        &["good"],
        &PublishOptions::default(),
    );
    assert!(refused.is_err());
    fs::remove_file(root.join("dists/stable")).unwrap();
    fs::create_dir_all(root.join("dists/stable")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("dists/stable/main")).unwrap();
    let refused = publish(
        root,
        vec![generation(&next)],
        &["good"],
        &PublishOptions::default(),
    );
    assert!(refused.is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// What no rename could replace is found before anything happens, and no journal is left
/// that nobody can complete.
#[test]
fn what_stands_in_the_way_is_found_first() {
    type Obstacle = fn(&Path);
    let obstacles: [(&str, Obstacle); 4] = [
        ("InRelease", |path| fs::create_dir(path).unwrap()),
        ("Release.gpg", |path| fs::create_dir(path).unwrap()),
        ("by-hash", |path| fs::write(path, "a file").unwrap()),
        ("Packages", |path| fs::create_dir(path).unwrap()),
    ];
    for suite in ["stable", ""] {
        for (name, obstacle) in obstacles {
            let folder = folder();
            let root = folder.path();
            let next = numbered(suite, 1);
            pool(root, &next);
            let directory = root.join(next.folder());
            fs::create_dir_all(&directory).unwrap();
            let path = match name {
                "by-hash" | "Packages" if !suite.is_empty() => {
                    let packages = directory.join("main/binary-amd64");
                    fs::create_dir_all(&packages).unwrap();
                    packages.join(name)
                }
                _ => directory.join(name),
            };
            obstacle(&path);
            let before = content(root);
            let options = PublishOptions::default();
            let refused = publish(root, vec![generation(&next)], &["good"], &options);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(name), "{suite:?} {name}: {message}");
            assert_eq!(content(root), before, "{suite:?} {name}");
            assert!(!root.join(".pkgseal").exists(), "{suite:?} {name}");
        }
    }
}

#[test]
fn a_second_publisher_waits_or_learns_whom_for() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let time = keys::time(keys::SIGNED);
    let lock = Lock::take(root, Duration::ZERO, time).unwrap();
    let next = numbered("stable", 2);
    pool(root, &next);
    let options = PublishOptions::default();
    let refused = publish(root, vec![generation(&next)], &["good"], &options).unwrap_err();
    assert!(matches!(refused, Error::Locked { .. }), "{refused}");
    let pid = format!("process {}", std::process::id());
    assert!(refused.to_string().contains(&pid), "{refused}");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let options = PublishOptions {
                wait: Duration::from_secs(300),
                ..PublishOptions::default()
            };
            publish(root, vec![generation(&next)], &["good"], &options)
        });
        drop(lock);
        waiting.join().unwrap().unwrap();
    });
    accepted(&verify_tree(root, &["good"]));
}

#[test]
fn a_damaged_object_is_made_anew() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let all = content(root);
    let object = all
        .keys()
        .find(|path| path.contains("/by-hash/SHA512/"))
        .unwrap();
    fs::write(root.join(object), "damaged").unwrap();
    rejected(&verify_tree(root, &["good"]), &["apt.by-hash.content"]);
    publish_number(root, "stable", 1);
    accepted(&verify_tree(root, &["good"]));
    assert_eq!(content(root), all);
}

/// Scripts write into indices in place; what is fetched by digest is another file.
#[test]
fn writing_into_an_index_changes_no_object() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let index = root.join("dists/stable/main/binary-amd64/Packages");
    let before = content(root);
    fs::write(&index, "overwritten in place").unwrap();
    let mut after = content(root);
    let name = "dists/stable/main/binary-amd64/Packages".to_owned();
    after.insert(name.clone(), before[&name].clone());
    assert_eq!(after, before);
}
