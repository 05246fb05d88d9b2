//! Keyrings of the world, merged and written: nothing of value is lost, whatever the order,
//! and the peers read the same keys from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pkgseal_keyring::consumer::{Consumer as _, KeyFile, Model};
use pkgseal_keyring::export::{self, WkdMethod};
use pkgseal_keyring::{Encoding, Extent, Form, merge, open, trim, write_keyring};
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::Limits;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, gnupg, trixie, wkd};

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/certs/distributions"
);

/// Keyrings of Debian that are small enough for every test.
const DEBIAN: [&str; 4] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-removed-keys.gpg",
    "/usr/share/keyrings/debian-role-keys.gpg",
    "/usr/share/keyrings/debian-ports-archive-keyring.gpg",
];

/// Files with certificates in them, each as what it holds.
fn world() -> Vec<(String, Certificates)> {
    let mut paths: Vec<PathBuf> = DEBIAN
        .iter()
        .map(PathBuf::from)
        .filter(|path| path.is_file())
        .collect();
    if Path::new(VECTORS).is_dir() {
        paths.extend(peers::files(Path::new(VECTORS)));
    } else {
        println!("SKIP: {VECTORS} is not there");
    }
    paths
        .iter()
        .filter_map(|path| {
            let loaded = open(path, &Limits::default()).ok()?;
            let name = path.display().to_string();
            (!loaded.certificates.is_empty()).then_some((name, loaded.certificates))
        })
        .collect()
}

fn bytes(certificates: &Certificates) -> Vec<u8> {
    Encoding::Binary.encode(certificates)
}

#[test]
fn the_world_merges_the_same_in_any_order() {
    let mut inputs = world();
    for extent in [Extent::Everything, Extent::Own, Extent::Minimal] {
        let whole = merge(&inputs, extent).unwrap();
        let expected = bytes(&whole.certificates);
        inputs.reverse();
        assert!(bytes(&merge(&inputs, extent).unwrap().certificates) == expected);
        let middle = inputs.len() / 2;
        inputs.rotate_left(middle);
        assert!(bytes(&merge(&inputs, extent).unwrap().certificates) == expected);
        // Parts first, and the parts together; and once more.
        let (some, others) = inputs.split_at(middle);
        let parts: Vec<(String, Certificates)> = [some, others]
            .into_iter()
            .map(|part| ("part".to_owned(), merge(part, extent).unwrap().certificates))
            .collect();
        let joined = merge(&parts, extent).unwrap().certificates;
        for (one, other) in whole.certificates.iter().zip(joined.iter()) {
            assert!(
                one.to_binary() == other.to_binary(),
                "{extent:?}: {}",
                one.fingerprint()
            );
        }
        assert!(bytes(&joined) == expected);
        let again = trim(&whole.certificates, extent).unwrap();
        assert!(bytes(&again.certificates) == expected);
        let (read, errors) = Certificate::parse_all(&expected);
        assert_eq!(errors, []);
        assert_eq!(read, whole.certificates.by_version());
        let armored = Encoding::Armored.encode(&whole.certificates);
        let (read, errors) = Certificate::parse_all(&armored);
        assert_eq!(errors, []);
        assert_eq!(read, whole.certificates.by_version());
    }
}

/// Keys as gpg sees them: kind, validity (expired, revoked…), when made, when it expires,
/// what for, and the fingerprint.
fn seen_by_gpg(home: &gnupg::Home, keyring: &[u8]) -> Option<BTreeSet<String>> {
    let gpg = peers::have("gpg")?;
    let file = home.path().join("shown.gpg");
    std::fs::write(&file, keyring).unwrap();
    let shown = gpg
        .command()
        .arg("--homedir")
        .arg(home.path())
        .args(["--batch", "--with-colons", "--show-keys"])
        .arg(&file)
        .output()
        .unwrap();
    let mut keys = BTreeSet::new();
    let mut last = String::new();
    for line in String::from_utf8_lossy(&shown.stdout).lines() {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.first() {
            Some(&"pub" | &"sub") => {
                let chosen = [0, 1, 5, 6, 11].map(|place| fields.get(place).copied().unwrap_or(""));
                last = chosen.join(":");
            }
            Some(&"fpr") if !last.is_empty() => {
                keys.insert(format!("{last}:{}", fields.get(9)?));
                last.clear();
            }
            _ => {}
        }
    }
    Some(keys)
}

#[test]
fn gpg_sees_the_same_keys_before_and_after() {
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    let inputs = world();
    let mut compared = 0;
    // gpg takes a while to start: some files at once, as packets.
    for some in inputs.chunks(24) {
        let all = some.iter().flat_map(|(_, one)| one.iter().cloned());
        // gpg 2.2 knows nothing of version 6, and stumbles over it: see below.
        let known = |certificate: &Certificate| certificate.version() == 4;
        let before: Vec<u8> = all.filter(known).flat_map(|one| one.to_binary()).collect();
        let merged = merge(some, Extent::Minimal).unwrap();
        let after = Certificates::new(merged.certificates.iter().filter(|c| known(c)).cloned());
        let seen = seen_by_gpg(&home, &before).unwrap();
        let kept = seen_by_gpg(&home, &bytes(&after)).unwrap();
        let lost: Vec<_> = seen.difference(&kept).collect();
        // Copies of one certificate in several files may each know another expiry: the
        // merged one has the newest. Subkeys that nobody bound are left out, and said.
        for line in lost {
            let fingerprint = line.rsplit(':').next().unwrap();
            let newer = kept.iter().any(|other| other.ends_with(fingerprint));
            let said = merged
                .findings
                .iter()
                .any(|f| f.code.id == "keyring.unbound" && f.detail.contains(fingerprint));
            assert!(
                newer || said,
                "{line} of {:?}",
                some.iter().map(|(n, _)| n).collect::<Vec<_>>()
            );
        }
        compared += kept.len();
    }
    assert!(inputs.is_empty() || compared > 20, "{compared}");
}

#[test]
fn one_file_alone_keeps_what_gpg_sees_of_it() {
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    for path in DEBIAN {
        let Ok(original) = std::fs::read(path) else {
            println!("SKIP: {path} is not there");
            continue;
        };
        let loaded = open(Path::new(path), &Limits::default()).unwrap();
        let kept = trim(&loaded.certificates, Extent::Minimal).unwrap();
        let seen = seen_by_gpg(&home, &original).unwrap();
        assert!(!seen.is_empty(), "{path}");
        assert_eq!(
            seen,
            seen_by_gpg(&home, &bytes(&kept.certificates)).unwrap(),
            "{path}"
        );
    }
}

#[test]
fn gpg_and_sq_read_every_encoding() {
    let names = ["good", "good-rsa4096", "revoked-soft", "expired"];
    let merged = merge(
        &[("all".to_owned(), keys::certificates(&names))],
        Extent::Own,
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for name in ["all.gpg", "all.asc"] {
        let path = folder.path().join(name);
        write_keyring(&path, Encoding::of(&path), &merged.certificates).unwrap();
        paths.push(path);
    }
    if let Some(home) = gnupg::Home::new(&[]) {
        for path in &paths {
            let seen = seen_by_gpg(&home, &std::fs::read(path).unwrap()).unwrap();
            for name in names {
                let fingerprint = keys::load(name).fingerprint();
                assert!(
                    seen.iter().any(|line| line.ends_with(&fingerprint)),
                    "{name}"
                );
            }
        }
    }
    if let Some(sq) = peers::have("sq") {
        for path in &paths {
            let listed = sq
                .run([Path::new("keyring"), Path::new("list"), path])
                .expect_ok();
            for name in names {
                assert!(
                    listed.says(&keys::load(name).fingerprint()),
                    "{name}: {listed}"
                );
            }
        }
    }
}

#[test]
fn gpg_reads_up_to_certificates_of_version_6() {
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    let names = ["good", "good-v6-ed25519", "good-rsa4096", "expired"];
    let certificates = keys::certificates(&names);
    let seen = seen_by_gpg(&home, &bytes(&certificates)).unwrap();
    let seen = |one: &Certificate| {
        let fingerprint = one.fingerprint().to_string();
        seen.iter().any(|line| line.ends_with(&fingerprint))
    };
    // It loses the one before them as well, which it was still reading.
    let expected = [true, true, false, false];
    let by_version = certificates.by_version();
    assert_eq!(by_version.iter().map(seen).collect::<Vec<_>>(), expected);
    // What it says of a version it does not know is said of those alone.
    let content = bytes(&certificates);
    for asked in [
        by_version.as_slice(),
        &[by_version[3].clone(), by_version[0].clone()],
    ] {
        let reading = Model::named("gpg").unwrap().reads(&KeyFile {
            name: "all.gpg",
            form: Form::Binary,
            content: &content,
            certificates: asked,
            errors: &[],
        });
        let lost: Vec<bool> = asked
            .iter()
            .map(|one| one.version() == 4 && !reading.found.contains(&one.fingerprint()))
            .collect();
        let imported = gnupg::Home::new(&[]).unwrap();
        let binary: Vec<u8> = asked.iter().flat_map(Certificate::to_binary).collect();
        let seen = seen_by_gpg(&imported, &binary).unwrap();
        let really: Vec<bool> = asked
            .iter()
            .map(|one| {
                let fingerprint = one.fingerprint().to_string();
                one.version() == 4 && !seen.iter().any(|line| line.ends_with(&fingerprint))
            })
            .collect();
        assert_eq!(lost, really);
        assert_eq!(reading.reasons.len(), 1, "{:?}", reading.reasons);
    }
}

#[test]
fn names_in_a_web_key_directory_are_those_of_gpg_and_sq() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::new(keys::certificates(&["good"]).iter().cloned());
    let exported = export::web_key_directory(WkdMethod::Advanced, &[], &certificates).unwrap();
    pkgseal_keyring::write_files(folder.path(), &exported.files).unwrap();
    let user_id = keys::load("good").user_id().to_owned();
    let address = user_id
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.strip_suffix('>'))
        .unwrap();
    let client = Path::new("/usr/lib/gnupg/gpg-wks-client");
    if client.is_file() {
        let printed =
            peers::run(std::process::Command::new(client).args(["--print-wkd-hash", address]))
                .expect_ok();
        let hash = printed.text.split_whitespace().next().unwrap();
        let domain = address.split_once('@').unwrap().1;
        let file = format!(".well-known/openpgpkey/{domain}/hu/{hash}");
        assert!(folder.path().join(&file).is_file(), "{file}");
        assert!(
            folder
                .path()
                .join(format!(".well-known/openpgpkey/{domain}/policy"))
                .is_file()
        );
    } else {
        println!("SKIP: gpg-wks-client is not installed");
    }
    if let Some(sq) = peers::have("sq") {
        let url = sq.run(["wkd", "url", address]).expect_ok();
        let path = url
            .text
            .trim()
            .split_once("/.well-known/")
            .map(|(_, rest)| rest.split('?').next().unwrap().to_owned())
            .unwrap();
        assert!(
            folder.path().join(".well-known").join(&path).is_file(),
            "{path}"
        );
    }
}

#[test]
fn sq_of_trixie_reads_a_certificate_directory() {
    let Some(room) = trixie::Room::new() else {
        return;
    };
    if !room.has("sq") {
        println!("SKIP: Debian 13's sq is not in the chroot");
        return;
    }
    let store = room.outside().join("pgp.cert.d");
    let names = ["good", "good-rsa4096"];
    export::insert_into_cert_d(&store, &keys::certificates(&names), Extent::Own).unwrap();
    for name in names {
        let fingerprint = keys::load(name).fingerprint();
        let mut command = room.command("env");
        let found = peers::run(
            command
                .arg(format!(
                    "PGP_CERT_D={}",
                    room.inside().join("pgp.cert.d").display()
                ))
                .arg(format!(
                    "SEQUOIA_HOME={}",
                    room.inside().join("home").display()
                ))
                .args(["sq", "cert", "export", "--cert", &fingerprint]),
        )
        .expect_ok();
        let (certificates, _) = Certificate::parse_all(&found.stdout);
        assert_eq!(
            certificates[0].fingerprint().to_string(),
            fingerprint,
            "{name}"
        );
    }
}

/// From our tree, over HTTPS, into gpg's keyring, and only what was asked for.
#[test]
fn gpg_locates_keys_in_a_web_key_directory() {
    let names = ["good", "good-rsa4096"];
    let folder = tempfile::tempdir().unwrap();
    let certificates = keys::certificates(&names);
    let exported = export::web_key_directory(WkdMethod::Advanced, &[], &certificates).unwrap();
    pkgseal_keyring::write_files(folder.path(), &exported.files).unwrap();
    let user_id = keys::load(names[1]).user_id().to_owned();
    let address = user_id.rsplit_once('<').unwrap().1.trim_end_matches('>');
    let Some(run) = wkd::locate(folder.path(), address) else {
        return;
    };
    let [other, asked] =
        names.map(|name| format!("fpr:::::::::{}:", keys::load(name).fingerprint()));
    assert!(run.says(&asked), "{run}");
    assert!(!run.says(&other), "{run}");
    assert!(run.says("\"GET /.well-known/openpgpkey/"), "{run}");
    // Nobody is there under that name.
    let nobody = address.replace("good", "nobody");
    let run = wkd::locate(folder.path(), &nobody).unwrap();
    assert!(!run.says("fpr:::"), "{run}");
}
