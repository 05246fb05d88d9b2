//! Whole repositories.

use std::path::Path;

use pkgseal_deb::{Error, apt};
use pkgseal_repo::{CheckOptions, Destination, Limits, NoProgress, Root};
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::{Compression, Digest};
use pkgseal_testkit::keys;

use crate::common::{
    accepted, codes, folder, rejected, repository, sign_tree, signed_repository, verify_release,
    verify_tree, write,
};

const POOL: &str = "pool/main/h/hello/hello_1.0_amd64.deb";

/// Writes a repository, changes it, signs whatever Release then stands there without
/// asking, and judges it.
fn judge(repository: &Repository, change: impl FnOnce(&Path)) -> pkgseal_openpgp::Examination {
    let folder = folder();
    repository.write(folder.path());
    let suite = folder.path().join(repository.folder());
    change(folder.path());
    let text = std::fs::read_to_string(suite.join("Release")).unwrap();
    let options = keys::RawOptions::at(keys::SIGNED);
    let message = keys::raw_clearsign(&[(&keys::load("good"), options)], &text);
    write(&suite, "InRelease", &message);
    verify_tree(folder.path(), &["good"])
}

fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn append(path: &Path, more: &[u8]) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, [&bytes, more].concat()).unwrap();
}

#[test]
fn a_signed_repository_is_accepted() {
    let folder = signed_repository();
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert!(examination.report.findings.is_empty());
    // 2 indices in 3 variants, each by-hash too, and 3 packages.
    assert_eq!(examination.report.files, 6 + 6 + 3);
    assert_eq!(examination.signatures.len(), 2);
}

#[test]
fn any_number_of_threads_gives_the_same_report() {
    let folder = signed_repository();
    damage(&folder.path().join(POOL));
    std::fs::remove_file(
        folder
            .path()
            .join("dists/stable/contrib/binary-amd64/Packages.xz"),
    )
    .unwrap();
    let judge = |jobs| {
        let options = CheckOptions {
            jobs,
            ..CheckOptions::default()
        };
        let verifier = crate::common::verifier(&["good"]);
        let examination = apt::verify_tree(folder.path(), &verifier, &options, &NoProgress);
        examination.unwrap().report
    };
    let one = judge(1);
    assert_eq!(judge(2), one);
    assert_eq!(judge(7), one);
}

#[test]
fn every_layout_is_read() {
    for repository in [
        Repository::flat(vec![Deb::new("hello", "1.0", "amd64")]),
        Repository::flat(vec![Deb::new("hello", "1.0", "amd64")]).by_hash(),
        Repository::new(
            "stable/updates",
            vec![("main", Deb::new("hello", "1.0", "amd64"))],
        ),
        repository().digests(&[Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha512]),
        Repository {
            variants: Compression::ALL.to_vec(),
            ..repository()
        },
        Repository {
            variants: vec![Compression::Xz],
            ..repository()
        },
        Repository {
            variants: vec![Compression::None],
            ..repository()
        },
    ] {
        let folder = folder();
        repository.write(folder.path());
        assert!(apt::recognise(&Root::open(folder.path()).unwrap()).unwrap());
        sign_tree(folder.path(), &["good"]);
        let examination = verify_tree(folder.path(), &["good"]);
        accepted(&examination);
        assert!(
            examination.report.findings.is_empty(),
            "{:?}",
            examination.report
        );
    }
}

#[test]
fn several_suites_share_one_pool() {
    let folder = folder();
    repository().write(folder.path());
    Repository {
        suite: "testing".into(),
        ..repository()
    }
    .write(folder.path());
    std::os::unix::fs::symlink("testing", folder.path().join("dists/next")).unwrap();
    let done = sign_tree(folder.path(), &["good"]);
    let names: Vec<_> = done
        .outputs
        .iter()
        .map(|output| {
            output
                .strip_prefix(folder.path())
                .unwrap()
                .to_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        names,
        [
            "dists/stable/Release.gpg",
            "dists/stable/InRelease",
            "dists/testing/Release.gpg",
            "dists/testing/InRelease"
        ]
    );
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert_eq!(examination.signatures.len(), 4);
    // Packages are read once.
    assert_eq!(examination.report.files, 2 * 12 + 3);
    damage(&folder.path().join("dists/testing/InRelease"));
    rejected(&verify_tree(folder.path(), &["good"]), &["signature.bad"]);
}

#[test]
fn every_suite_is_judged_by_itself() {
    let folder = folder();
    for suite in ["a", "b", "c"] {
        Repository {
            suite: suite.into(),
            ..repository()
        }
        .write(folder.path());
    }
    sign_tree(folder.path(), &["good"]);
    damage(&folder.path().join("dists/a/InRelease"));
    append(&folder.path().join("dists/b/Release"), b"X: y\n");
    std::fs::remove_file(folder.path().join("dists/b/Release.gpg")).unwrap();
    damage(&folder.path().join("dists/c/main/binary-amd64/Packages.gz"));
    damage(&folder.path().join("dists/b/main/binary-amd64/Packages.gz"));
    let examination = verify_tree(folder.path(), &["good"]);
    let findings = &examination.report.findings;
    let found: Vec<_> = findings.iter().map(|f| (&*f.subject, f.code.id)).collect();
    // What a rejected root lists is not followed.
    assert_eq!(
        found,
        [
            ("dists/a/InRelease", "signature.bad"),
            ("dists/b/Release", "apt.release.texts-differ"),
            (
                "dists/c/main/binary-amd64/Packages.gz",
                "file.digest-mismatch"
            ),
        ]
    );
}

#[test]
fn what_is_no_repository_is_not_recognised() {
    let folder = folder();
    let recognised = || apt::recognise(&Root::open(folder.path()).unwrap()).unwrap();
    assert!(!recognised());
    rejected(
        &verify_tree(folder.path(), &["good"]),
        &["apt.tree.no-suite"],
    );
    write(folder.path(), "dists/readme", b"");
    write(folder.path(), "Packages", b"");
    assert!(!recognised());
    write(folder.path(), "Release", b"");
    assert!(recognised());
}

#[test]
fn a_changed_package_is_named() {
    let folder = signed_repository();
    damage(&folder.path().join(POOL));
    let examination = verify_tree(folder.path(), &["good"]);
    rejected(&examination, &["file.digest-mismatch"]);
    let finding = &examination.report.findings[0];
    assert_eq!(finding.subject, POOL);
    let cause = finding.cause.as_deref().unwrap();
    assert!(cause.contains("main/binary-amd64/Packages"), "{cause}");
}

#[test]
fn damage_anywhere_below_is_found() {
    for (path, change, code) in [
        (POOL, "cut", "file.size-mismatch"),
        (POOL, "remove", "file.missing"),
        (POOL, "replace-by-folder", "file.not-regular"),
        (
            "dists/stable/main/binary-amd64/Packages",
            "damage",
            "file.digest-mismatch",
        ),
        (
            "dists/stable/main/binary-amd64/Packages.gz",
            "damage",
            "file.digest-mismatch",
        ),
        (
            "dists/stable/main/binary-amd64/Packages.xz",
            "cut",
            "file.size-mismatch",
        ),
        (
            "dists/stable/main/binary-amd64/Packages.xz",
            "grow",
            "file.size-mismatch",
        ),
    ] {
        let folder = signed_repository();
        let full = folder.path().join(path);
        match change {
            "cut" => {
                let bytes = std::fs::read(&full).unwrap();
                std::fs::write(&full, &bytes[..bytes.len() - 1]).unwrap();
            }
            "grow" => append(&full, b"x"),
            "remove" => std::fs::remove_file(&full).unwrap(),
            "replace-by-folder" => {
                std::fs::remove_file(&full).unwrap();
                std::fs::create_dir(&full).unwrap();
            }
            _ => damage(&full),
        }
        let examination = verify_tree(folder.path(), &["good"]);
        let found = codes(&examination);
        assert_eq!(found, [code], "{path} {change}");
        assert_eq!(examination.report.findings[0].subject, path);
    }
}

#[test]
fn absent_variants_are_fine_and_absent_indices_are_not() {
    let folder = signed_repository();
    let main = folder.path().join("dists/stable/main/binary-amd64");
    std::fs::remove_file(main.join("Packages")).unwrap();
    std::fs::remove_file(main.join("Packages.gz")).unwrap();
    accepted(&verify_tree(folder.path(), &["good"]));
    std::fs::remove_file(main.join("Packages.xz")).unwrap();
    // By its digest it is still there.
    accepted(&verify_tree(folder.path(), &["good"]));
    std::fs::remove_dir_all(main.join("by-hash")).unwrap();
    rejected(
        &verify_tree(folder.path(), &["good"]),
        &["apt.index.missing"],
    );
    // Without its folder it is a partial mirror.
    std::fs::remove_dir_all(&main).unwrap();
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert!(codes(&examination).contains(&"apt.index.not-mirrored"));
    // Without any index there is nothing to verify.
    std::fs::remove_dir_all(folder.path().join("dists/stable/contrib")).unwrap();
    rejected(
        &verify_tree(folder.path(), &["good"]),
        &["apt.index.missing"],
    );
}

#[test]
fn by_hash_has_to_be_there_where_it_is_announced() {
    let folder = signed_repository();
    let by_hash = folder
        .path()
        .join("dists/stable/main/binary-amd64/by-hash/SHA256");
    let one = std::fs::read_dir(&by_hash)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    damage(&one.path());
    rejected(
        &verify_tree(folder.path(), &["good"]),
        &["apt.by-hash.content"],
    );
    std::fs::remove_file(one.path()).unwrap();
    rejected(
        &verify_tree(folder.path(), &["good"]),
        &["apt.by-hash.missing"],
    );
    // A mirror without any of it serves the plain names.
    std::fs::remove_dir_all(by_hash.parent().unwrap()).unwrap();
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["apt.by-hash.absent"]);
}

#[test]
fn a_suite_passed_off_as_another_is_warned_about() {
    let folder = signed_repository();
    let dists = folder.path().join("dists");
    std::fs::rename(dists.join("stable"), dists.join("testing")).unwrap();
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["apt.release.other-suite"]);
    // The layout of Debian's security archive of old.
    std::fs::create_dir(dists.join("stable")).unwrap();
    std::fs::rename(dists.join("testing"), dists.join("stable/updates")).unwrap();
    assert_eq!(codes(&verify_tree(folder.path(), &["good"])), [""; 0]);
}

#[test]
fn a_link_to_a_suite_outside_is_rejected() {
    let other = signed_repository();
    let folder = signed_repository();
    std::os::unix::fs::symlink(
        other.path().join("dists/stable"),
        folder.path().join("dists/testing"),
    )
    .unwrap();
    rejected(&verify_tree(folder.path(), &["good"]), &["path.unsafe"]);
}

#[test]
fn caps_hold_for_indices() {
    let folder = signed_repository();
    let judge = |limits: Limits| {
        let options = CheckOptions {
            limits,
            ..CheckOptions::default()
        };
        let verifier = crate::common::verifier(&["good"]);
        apt::verify_tree(folder.path(), &verifier, &options, &NoProgress).unwrap()
    };
    for limits in [
        Limits {
            index: 100,
            ..Limits::default()
        },
        Limits {
            entries: 1,
            ..Limits::default()
        },
        Limits {
            release: 100,
            ..Limits::default()
        },
        Limits {
            signature: 10,
            ..Limits::default()
        },
    ] {
        rejected(&judge(limits), &["limit.exceeded"]);
    }
    let limits = Limits {
        line: 40,
        ..Limits::default()
    };
    rejected(&judge(limits), &["apt.release.malformed"]);
}

#[test]
fn surplus_files_are_noted() {
    let folder = signed_repository();
    write(folder.path(), "pool/main/e/evil/evil_1_amd64.deb", b"x");
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["apt.pool.surplus", "file.surplus"]);
}

/// Rewrites the Release for the indices as they are now.
fn relist(root: &Path, repository: &Repository, path: &str, content: &[u8]) {
    write(root, &format!("{}/{path}", repository.folder()), content);
    let release = root.join(repository.folder()).join("Release");
    let text = std::fs::read_to_string(&release).unwrap();
    let lines = text.lines().map(|line| {
        if line.ends_with(&format!(" {path}")) {
            format!(" {} {} {path}", Digest::Sha256.hex(content), content.len())
        } else {
            line.to_owned()
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    std::fs::write(&release, format!("{text}\n")).unwrap();
}

#[test]
fn variants_have_to_hold_the_same_text() {
    let path = "main/binary-amd64/Packages";
    let repository = Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))]);
    let other = b"Package: evil\nFilename: pool/evil.deb\nSize: 1\n";
    for (compression, length) in [(Compression::Gzip, 1), (Compression::Xz, 400)] {
        let content = compression.compress(&other.repeat(length));
        let examination = judge(&repository, |root| {
            relist(
                root,
                &repository,
                &format!("{path}{}", compression.suffix()),
                &content,
            );
        });
        rejected(&examination, &["apt.index.content-mismatch"]);
    }
    // Where no plain variant is listed, the others are held against one another.
    let repository = Repository {
        variants: vec![Compression::Gzip, Compression::Xz],
        ..repository
    };
    let content = Compression::Xz.compress(other);
    let examination = judge(&repository, |root| {
        relist(root, &repository, &format!("{path}.xz"), &content);
    });
    rejected(&examination, &["apt.index.content-mismatch"]);
}

#[test]
fn what_does_not_decompress_is_rejected() {
    let path = "main/binary-amd64/Packages.xz";
    let repository = Repository {
        variants: vec![Compression::Xz],
        ..Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))])
    };
    for content in [&b"no xz at all"[..], b""] {
        let examination = judge(&repository, |root| {
            relist(root, &repository, path, content);
        });
        rejected(&examination, &["apt.index.compression"]);
    }
    // Something hidden behind the end.
    let hidden = [&Compression::Xz.compress(b"")[..], b"hidden"].concat();
    let examination = judge(&repository, |root| relist(root, &repository, path, &hidden));
    rejected(&examination, &["apt.index.compression"]);
}

#[test]
fn a_bomb_stops_at_what_is_listed() {
    let repository = Repository {
        variants: vec![Compression::None, Compression::Xz],
        ..Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))])
    };
    let bomb = Compression::Xz.compress(&vec![b'\n'; 64 << 20]);
    let examination = judge(&repository, |root| {
        relist(root, &repository, "main/binary-amd64/Packages.xz", &bomb);
        std::fs::remove_file(root.join("dists/stable/main/binary-amd64/Packages")).unwrap();
    });
    rejected(&examination, &["apt.index.content-mismatch"]);
}

/// One stanza of a signed index, changed.
#[test]
fn entries_that_clients_read_differently_are_rejected() {
    let repository = Repository {
        variants: vec![Compression::None],
        ..Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))])
    };
    let path = "main/binary-amd64/Packages";
    let index = String::from_utf8(repository.indices()[0].1.clone()).unwrap();
    let line = |name: &str| {
        let line = index.lines().find(|line| line.starts_with(name)).unwrap();
        format!("{line}\n")
    };
    let (filename, size, sha256) = (line("Filename:"), line("Size:"), line("SHA256:"));
    let zeros = "0".repeat(32);
    let md5 = Digest::Md5.hex(&Deb::new("hello", "1.0", "amd64").build());
    for (text, code) in [
        (index.replace(&filename, ""), "apt.index.malformed"),
        (index.replace(&size, ""), "apt.index.malformed"),
        (index.replace(&sha256, ""), "file.weak-digest"),
        (
            index.replace(&sha256, &format!("MD5sum: {md5}\n")),
            "file.weak-digest",
        ),
        (
            index.replace(&sha256, &format!("{sha256}sha256: {}\n", "0".repeat(64))),
            "apt.index.duplicate-field",
        ),
        (
            index.replace(&sha256, &format!("{sha256}{sha256}")),
            "apt.index.duplicate-field",
        ),
        (
            index.replace(&sha256, &format!("{sha256}MD5sum: {zeros}\n")),
            "file.digest-mismatch",
        ),
        (
            index.replace("SHA256: ", "SHA256: x"),
            "apt.index.malformed",
        ),
        (index.replace("Size: ", "Size: -"), "apt.index.malformed"),
        (index.replace("Size: ", "Size: 0x"), "apt.index.malformed"),
        (
            index.replace("Filename: ", "Filename: ../../"),
            "path.unsafe",
        ),
        (index.replace("Filename: ", "Filename: /"), "path.unsafe"),
        (
            index.replace("Filename: pool", "Filename: pool/./.."),
            "path.unsafe",
        ),
        (
            index.replace(&filename, &format!("{filename} more\n")),
            "apt.index.malformed",
        ),
        (
            index.replace(&sha256, &format!("{sha256} \n")),
            "apt.index.malformed",
        ),
        (format!("no field\n{index}"), "apt.index.malformed"),
        (format!(" continued\n{index}"), "apt.index.malformed"),
        (
            format!("{index}{}", index.replace("Size: ", "Size: 1")),
            "file.contradiction",
        ),
    ] {
        let examination = judge(&repository, |root| {
            relist(root, &repository, path, text.as_bytes());
        });
        assert_eq!(crate::common::reasons(&examination), [code], "{text}");
    }
}

#[test]
fn sources_are_followed() {
    let source = b"a source archive";
    let hex = Digest::Sha256.hex(source);
    let repository = Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))]);
    let index = format!(
        "Package: hello\nFormat: 1.0\nDirectory: pool/main/h/hello\nFiles:\n {} 16 hello_1.tar.gz\n\
         Checksums-Sha256:\n {hex} 16 hello_1.tar.gz\n",
        Digest::Md5.hex(source)
    );
    let judge = |index: &str, content: &[u8]| {
        judge(&repository, |root| {
            let release = root.join("dists/stable/Release");
            let line = format!(
                " {} {} main/source/Sources\n",
                Digest::Sha256.hex(index.as_bytes()),
                index.len()
            );
            append(&release, line.as_bytes());
            write(root, "dists/stable/main/source/Sources", index.as_bytes());
            write(root, "pool/main/h/hello/hello_1.tar.gz", content);
        })
    };
    accepted(&judge(&index, source));
    rejected(
        &judge(&index, b"another content!"),
        &["file.digest-mismatch"],
    );
    rejected(
        &judge(&index.replace("Checksums-Sha256", "X-Sha256"), source),
        &["file.weak-digest"],
    );
    for (from, to, code) in [
        ("hello_1.tar", "../hello_1.tar", "path.unsafe"),
        ("Directory: pool", "Directory: ../pool", "path.unsafe"),
        ("Directory:", "X-Directory:", "apt.index.malformed"),
        ("16 hello", "17 hello", "file.size-mismatch"),
        ("16 hello", "hello", "apt.index.malformed"),
        ("Files:", "Files: x", "apt.index.malformed"),
    ] {
        rejected(&judge(&index.replace(from, to), source), &[code]);
    }
    let line = format!(" {hex} 16 hello_1.tar.gz\n");
    rejected(
        &judge(&index.replace(&line, &line.repeat(2)), source),
        &["apt.index.malformed"],
    );
}

#[test]
fn links_that_lead_out_are_rejected() {
    let outside = folder();
    let folder = signed_repository();
    let pool = folder.path().join(POOL);
    let target = outside.path().join("hello.deb");
    std::fs::rename(&pool, &target).unwrap();
    std::os::unix::fs::symlink(&target, &pool).unwrap();
    rejected(&verify_tree(folder.path(), &["good"]), &["path.unsafe"]);
}

#[test]
fn old_indices_under_a_new_release_are_found() {
    let folder = signed_repository();
    let newer = Repository::new("stable", vec![("main", Deb::new("hello", "1.1", "amd64"))]);
    let other = tempfile::tempdir().unwrap();
    newer.write(other.path());
    sign_tree(other.path(), &["good"]);
    for name in ["InRelease", "Release", "Release.gpg"] {
        let below = format!("dists/stable/{name}");
        std::fs::copy(other.path().join(&below), folder.path().join(&below)).unwrap();
    }
    let examination = verify_tree(folder.path(), &["good"]);
    assert_eq!(examination.outcome(), pkgseal_repo::Outcome::Rejected);
    assert!(!crate::common::reasons(&examination).is_empty());
}

#[test]
fn into_another_folder_a_whole_repository_is_made() {
    let (from, to) = (folder(), folder());
    repository().write(from.path());
    std::os::unix::fs::symlink("stable", from.path().join("dists/current")).unwrap();
    let output = to.path().join("signed");
    let time = keys::time(keys::SIGNED);
    let sign = || {
        apt::sign_tree(
            from.path(),
            &[keys::signer("good", time)],
            time,
            &Destination::Directory(output.clone()),
            &CheckOptions::default(),
            &NoProgress,
        )
    };
    for _ in 0..2 {
        let done = sign().unwrap();
        accepted(&done.examination);
        accepted(&verify_tree(&output, &["good"]));
        accepted(&verify_release(
            &output.join("dists/current/InRelease"),
            &["good"],
        ));
    }
    assert!(!from.path().join("dists/stable/InRelease").exists());
    let mut left = Vec::new();
    for (path, _) in Root::open(&output).unwrap().walk(None).unwrap() {
        let path = path.unwrap();
        if path.file_name().starts_with('.') {
            left.push(path);
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_output_folder_inside_the_repository_is_refused() {
    let folder = folder();
    repository().write(folder.path());
    let time = keys::time(keys::SIGNED);
    let error = apt::sign_tree(
        folder.path(),
        &[keys::signer("good", time)],
        time,
        &Destination::Directory(folder.path().join("out")),
        &CheckOptions::default(),
        &NoProgress,
    );
    assert!(matches!(error, Err(Error::Repo(_))));
}

#[test]
fn what_would_be_rejected_is_not_signed() {
    let folder = folder();
    repository().write(folder.path());
    damage(&folder.path().join(POOL));
    let time = keys::time(keys::SIGNED);
    let error = apt::sign_tree(
        folder.path(),
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap_err();
    let Error::Refused { findings, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(findings[0].code.id, "file.digest-mismatch");
    assert!(!folder.path().join("dists/stable/InRelease").exists());
    assert!(!folder.path().join("dists/stable/Release.gpg").exists());
}

#[test]
fn an_index_bound_by_md5_alone_is_rejected() {
    let repository = repository().digests(&[Digest::Md5, Digest::Sha256]);
    for path in [
        "main/binary-amd64/Packages",
        "main/binary-amd64/Packages.gz",
    ] {
        let examination = judge(&repository, |root| {
            let release = root.join("dists/stable/Release");
            let text = std::fs::read_to_string(&release).unwrap();
            let (weak, strong) = text.split_once("SHA256:").unwrap();
            let kept = strong
                .lines()
                .filter(|line| !line.ends_with(&format!(" {path}")))
                .map(|line| format!("{line}\n"))
                .collect::<String>();
            std::fs::write(&release, format!("{weak}SHA256:{kept}")).unwrap();
        });
        let found: Vec<_> = examination
            .report
            .findings
            .iter()
            .filter(|finding| finding.severity == pkgseal_repo::Severity::Reject)
            .filter(|finding| finding.code.id == "file.weak-digest")
            .map(|finding| finding.subject.as_str())
            .collect();
        assert_eq!(found, [format!("dists/stable/{path}")]);
    }
}

/// Debian links `current` to a version of the installer.
#[test]
fn images_under_two_names_are_read_once() {
    let image = b"an image";
    let sums = format!("{}  ./image\n", Digest::Sha256.hex(image));
    let judge = |linked: bool| {
        judge(&repository(), |root| {
            let folder = "dists/stable/main/installer-amd64";
            write(
                root,
                &format!("{folder}/1/images/SHA256SUMS"),
                sums.as_bytes(),
            );
            write(root, &format!("{folder}/1/images/image"), image);
            if linked {
                std::os::unix::fs::symlink("1", root.join(folder).join("current")).unwrap();
            }
            let names: &[&str] = if linked { &["1", "current"] } else { &["1"] };
            for name in names {
                let path = format!("main/installer-amd64/{name}/images/SHA256SUMS");
                let hex = Digest::Sha256.hex(sums.as_bytes());
                let line = format!(" {hex} {} {path}\n", sums.len());
                append(&root.join("dists/stable/Release"), line.as_bytes());
            }
        })
    };
    let (one, two) = (judge(false), judge(true));
    accepted(&one);
    accepted(&two);
    // The list is read twice, the image is not.
    assert_eq!(two.report.files, one.report.files + 1);
}
