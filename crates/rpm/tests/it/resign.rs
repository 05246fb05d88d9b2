//! Whole repositories signed: packages and the metadata that lists them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use pkgseal_openpgp::Signed;
use pkgseal_repo::{CheckOptions, Compression, Limits, NoProgress, Outcome, Severity};
use pkgseal_rpm::yum::{
    self, IndexOptions, Level, Packages, Placing, PublishOptions, RepositoryOptions, TreeRequest,
};
use pkgseal_rpm::{Error, package};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::{keys, peers};

use crate::common::{assert_accepted, codes, signed, trusting};
use crate::index::{content, documents, folder, index, listed, packages, revision, verify};

pub(crate) fn sign(
    root: &Path,
    signer: &str,
    repository: &RepositoryOptions,
) -> Result<Signed, Error> {
    let signers = [keys::signer(signer, signed())];
    yum::sign_repository(
        root,
        &signers,
        signed(),
        repository,
        &PublishOptions::default(),
        &CheckOptions::default(),
        &NoProgress,
    )
}

fn verify_packages(root: &Path) {
    let found = yum::verify_tree_with(
        root,
        &trusting(&["good", "good-rsa4096", "good-rsa2048"]),
        &TreeRequest {
            level: Level::Packages,
            ..TreeRequest::default()
        },
        &CheckOptions::default(),
        &NoProgress,
    );
    assert_accepted(&found.unwrap().examination);
}

/// Compares the indices of a repository with those that createrepo_c makes of its packages.
fn compare(root: &Path) {
    let copy = folder();
    let copied = std::process::Command::new("cp")
        .args(["-a", "--"])
        .arg(root.join("."))
        .arg(copy.path())
        .status();
    assert!(copied.unwrap().success());
    fs::remove_dir_all(copy.path().join("repodata")).unwrap();
    let Some(run) = peers::yum::createrepo_c(copy.path(), &[]) else {
        return;
    };
    run.expect_ok();
    assert_eq!(documents(root), documents(copy.path()));
}

#[test]
fn a_signed_repository_is_what_createrepo_c_makes_of_signed_packages() {
    for form in [
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
        Compression::Bzip2,
        Compression::None,
    ] {
        let folder = folder();
        let root = folder.path();
        packages(root);
        let big = Rpm::new("big", "2.0", "noarch", Format::V4);
        let noise: Vec<u8> = (0..600_000u32)
            .map(|n| n.wrapping_mul(n).to_le_bytes()[1])
            .collect();
        let big = big.file("/usr/share/big", &noise);
        fs::write(root.join(big.file_name()), big.build()).unwrap();
        let options = IndexOptions {
            compress: form,
            ..IndexOptions::default()
        };
        index(root, &options);
        let before = listed(root);
        let signer = if form == Compression::Xz {
            "good-rsa4096"
        } else {
            "good"
        };
        let done = sign(root, signer, &RepositoryOptions::default()).unwrap();
        assert_eq!(done.outputs.len(), 4 + 3 + 3);
        verify_packages(root);
        compare(root);
        assert_eq!(revision(root), signed().as_second() + 1);
        // What the old metadata lists of metadata is still there.
        assert!(before.iter().all(|name| root.join(name).exists()));
        assert!(
            listed(root)
                .iter()
                .all(|name| name.ends_with(form.suffix()))
        );
        let key = keys::load(signer);
        for path in peers::files(root) {
            // rpm 4.18 knows nothing of the signatures of version 6.
            let version_6 = path.to_string_lossy().contains("beta");
            if path.extension().is_some_and(|end| end == "rpm")
                && !version_6
                && let Some(run) = peers::rpm::check(&path, &[&key])
            {
                run.expect_ok();
            }
        }
    }
}

#[test]
fn what_createrepo_c_made_is_signed() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    let Some(createrepo_c) = peers::have("createrepo_c") else {
        return;
    };
    let options = ["--quiet", "--database", "--set-timestamp-to-revision"];
    let revision = ["--revision", "1740787200"];
    let options = options.iter().chain(&revision).map(std::ffi::OsStr::new);
    createrepo_c
        .run(options.chain([root.as_os_str()]))
        .expect_ok();
    let done = sign(root, "good", &RepositoryOptions::default()).unwrap();
    let warnings = codes(&done.examination, Severity::Warning);
    assert_eq!(warnings, ["yum.make.left-out"]);
    verify_packages(root);
    compare(root);
}

#[test]
fn what_is_signed_already_is_left_alone() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    sign(root, "good", &RepositoryOptions::default()).unwrap();
    let before = content(root);
    let done = sign(root, "good", &RepositoryOptions::default()).unwrap();
    assert!(done.outputs.is_empty());
    assert_eq!(
        codes(&done.examination, Severity::Note),
        ["yum.make.nothing-changed"]
    );
    let after = content(root);
    let without_lock = |mut all: std::collections::BTreeMap<String, Vec<u8>>| {
        all.remove(".pkgseal/lock");
        all
    };
    assert_eq!(without_lock(after), without_lock(before));

    // A new one is signed, and no other is touched.
    let inode = |name: &str| fs::metadata(root.join(name)).unwrap().ino();
    let alpha = inode("Packages/alpha-1.0-1.x86_64.rpm");
    let new = Rpm::new("new", "1.0", "noarch", Format::V6);
    fs::write(root.join(new.file_name()), new.build()).unwrap();
    index(root, &IndexOptions::default());
    let done = sign(root, "good", &RepositoryOptions::default()).unwrap();
    assert_eq!(done.outputs.len(), 1 + 3 + 3);
    assert_eq!(inode("Packages/alpha-1.0-1.x86_64.rpm"), alpha);
    verify_packages(root);

    let all = RepositoryOptions {
        packages: Packages::All,
        ..RepositoryOptions::default()
    };
    let done = sign(root, "good", &all).unwrap();
    assert_eq!(done.outputs.len(), 4 + 3 + 3);
    verify_packages(root);
}

#[test]
fn repomd_alone_is_signed_once_every_package_is_right() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    let repomd = || fs::read(root.join("repodata/repomd.xml")).unwrap();
    let text = repomd();
    let only = RepositoryOptions {
        packages: Packages::None,
        ..RepositoryOptions::default()
    };
    let done = sign(root, "good-rsa4096", &only).unwrap();
    assert!(
        done.outputs
            .last()
            .unwrap()
            .ends_with("repodata/repomd.xml")
    );
    assert_eq!(repomd(), text);
    let found = yum::verify_tree(
        root,
        &trusting(&["good-rsa4096"]),
        &CheckOptions::default(),
        &NoProgress,
    );
    assert_accepted(&found.unwrap());
    let path = root.join("Packages/alpha-1.0-1.x86_64.rpm");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = sign(root, "good", &only).unwrap_err();
    assert!(
        error.to_string().contains("file.digest-mismatch"),
        "{error}"
    );
}

#[test]
fn packages_apart_leave_the_old_ones_to_readers_of_the_old_metadata() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    let old = content(&root.join("Packages"));
    let apart = RepositoryOptions {
        placing: Placing::Apart,
        packages: Packages::All,
        ..RepositoryOptions::default()
    };
    let done = sign(root, "good", &apart).unwrap();
    assert_eq!(done.outputs.len(), 3 + 3 + 3);
    verify_packages(root);
    let all = content(&root.join("Packages"));
    assert!(old.iter().all(|(name, bytes)| all.get(name) == Some(bytes)));
    assert_eq!(all.len(), 6);
    let primary = &documents(root)["primary"];
    let place = primary.split("href=\"Packages/").nth(1).unwrap();
    let (digest, name) = place.split_once('/').unwrap();
    assert!(
        digest.len() == 64 && name.starts_with("alpha-1.0-1.x86_64.rpm"),
        "{place}"
    );
    // An index of the folder lists the new ones, and not those that are about to go.
    let redate = IndexOptions {
        unchanged: yum::Unchanged::Redate,
        ..IndexOptions::default()
    };
    index(root, &redate);
    assert_eq!(documents(root)["primary"].matches("<package ").count(), 3);
    assert_eq!(&documents(root)["primary"], primary);
    verify_packages(root);
    // They go with the last generation that lists them.
    for (signer, left) in [("good-rsa4096", 9), ("good-rsa2048", 9), ("good", 9)] {
        let replaced = RepositoryOptions {
            sign: package::SignOptions {
                existing: package::Existing::Replace,
                ..package::SignOptions::default()
            },
            ..apart
        };
        sign(root, signer, &replaced).unwrap();
        verify_packages(root);
        let all = content(&root.join("Packages"));
        assert_eq!(all.len(), left, "{:?}", all.keys());
    }
    let all = content(&root.join("Packages"));
    assert!(old.keys().all(|name| !all.contains_key(name)));
}

/// What is wrong with a repository, and what is said of it.
#[test]
fn what_is_wrong_stops_everything() {
    type Change = fn(&Path);
    fn edit_primary(root: &Path, edit: impl Fn(String) -> String) {
        let text = edit(documents(root)["primary"].clone());
        let place = listed(root)
            .into_iter()
            .find(|name| name.contains("primary"));
        let repomd = root.join("repodata/repomd.xml");
        let hex = pkgseal_testkit::build::Digest::Sha256.hex(text.as_bytes());
        let place = place.unwrap();
        fs::write(
            repomd,
            format!(
                "<repomd><data type=\"primary\"><checksum type=\"sha256\">{hex}</checksum>\
                 <location href=\"{place}\"/></data></repomd>"
            ),
        )
        .unwrap();
        fs::write(root.join(place), text).unwrap();
    }
    let alpha = |root: &Path| root.join("Packages/alpha-1.0-1.x86_64.rpm");
    assert!(alpha(Path::new("x")).starts_with("x"));
    let cases: [(&str, Change); 9] = [
        ("file.digest-mismatch", |root| {
            let other = Rpm::new("alpha", "1.0", "x86_64", Format::V4).file("/x", b"x");
            fs::write(root.join("Packages/alpha-1.0-1.x86_64.rpm"), other.build()).unwrap();
        }),
        ("file.missing", |root| {
            fs::remove_file(root.join("Packages/alpha-1.0-1.x86_64.rpm")).unwrap();
        }),
        ("file.missing", |root| {
            fs::remove_file(root.join("repodata/repomd.xml")).unwrap();
        }),
        ("yum.repomd.malformed", |root| {
            fs::write(root.join("repodata/repomd.xml"), "<!DOCTYPE x><repomd/>").unwrap();
        }),
        ("file.size-mismatch", |root| {
            let place = listed(root).into_iter().find(|name| name.contains("other"));
            fs::write(root.join(place.unwrap()), "<otherdata/>").unwrap();
        }),
        ("file.weak-digest", |root| {
            edit_primary(root, |text| {
                let at = text.find("pkgid=\"YES\">").unwrap() + 12;
                let hex = &text[at..at + 64];
                text.replace(
                    &format!("sha256\" pkgid=\"YES\">{hex}"),
                    &format!("sha\" pkgid=\"YES\">{}", &hex[..40]),
                )
            });
        }),
        ("yum.primary", |root| {
            edit_primary(root, |text| {
                let at = text.find("<package ").unwrap();
                let end = text.find("</package>").unwrap() + 11;
                format!("{}{}{}", &text[..end], &text[at..end], &text[end..])
            });
        }),
        ("yum.location-elsewhere", |root| {
            edit_primary(root, |text| {
                text.replacen("<location ", "<location xml:base=\"http://x/\" ", 1)
            });
        }),
        ("path.unsafe", |root| {
            edit_primary(root, |text| text.replacen("href=\"", "href=\"../", 1));
        }),
    ];
    for (code, change) in cases {
        let folder = folder();
        let root = folder.path();
        packages(root);
        index(
            root,
            &IndexOptions {
                compress: Compression::None,
                ..IndexOptions::default()
            },
        );
        change(root);
        let before = content(root);
        let error = sign(root, "good", &RepositoryOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{code}: {error}");
        assert!(error.to_string().contains(code), "{code}: {error}");
        let mut after = content(root);
        let mut before = before;
        for all in [&mut after, &mut before] {
            all.remove(".pkgseal/lock");
        }
        assert!(after == before, "{code}: {:?}", after.keys());
    }
}

#[test]
fn a_package_that_cannot_be_signed_stops_everything() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    // A package whose own digests do not hold, well listed.
    let path = root.join("Packages/gamma-1.0-1.i686.rpm");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    index(root, &IndexOptions::default());
    let before = content(&root.join("Packages"));
    let error = sign(root, "good", &RepositoryOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
    assert_eq!(content(&root.join("Packages")), before);
    assert!(!root.join(".pkgseal/next").exists());

    // One that another key has signed: the tag is taken.
    let folder = super::index::folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    sign(root, "good", &RepositoryOptions::default()).unwrap();
    let before = content(&root.join("Packages"));
    let error = sign(root, "good-p256", &RepositoryOptions::default()).unwrap_err();
    assert!(matches!(error, Error::SlotTaken { .. }), "{error}");
    assert_eq!(content(&root.join("Packages")), before);
    verify_packages(root);
}

#[test]
fn no_key_and_two_keys_are_refused() {
    let folder = folder();
    packages(folder.path());
    index(folder.path(), &IndexOptions::default());
    for names in [&[][..], &["good", "good-rsa4096"]] {
        let signers: Vec<_> = names
            .iter()
            .map(|name| keys::signer(name, signed()))
            .collect();
        let refused = yum::sign_repository(
            folder.path(),
            &signers,
            signed(),
            &RepositoryOptions::default(),
            &PublishOptions::default(),
            &CheckOptions::default(),
            &NoProgress,
        );
        assert!(
            matches!(refused, Err(Error::SignerCount { .. })),
            "{names:?}"
        );
    }
}

#[test]
fn a_second_publisher_learns_whom_to_wait_for() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    let lock = pkgseal_repo::publication::Lock::take(root, Duration::ZERO, signed()).unwrap();
    let error = sign(root, "good", &RepositoryOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    drop(lock);
    sign(root, "good", &RepositoryOptions::default()).unwrap();
}

/// Owner and mode of a package are those of before, and its time is that of the signature.
#[test]
fn packages_keep_their_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let root = folder.path();
    packages(root);
    let path = root.join("Packages/alpha-1.0-1.x86_64.rpm");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    index(root, &IndexOptions::default());
    sign(root, "good", &RepositoryOptions::default()).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!(found.mode() & 0o777, 0o640);
    assert_eq!(found.mtime(), signed().as_second());
    let found = package::verify(&path, &trusting(&["good"]), &Limits::default()).unwrap();
    assert_eq!(found.outcome(), Outcome::Accepted);
    assert_accepted(&verify(root));
}
