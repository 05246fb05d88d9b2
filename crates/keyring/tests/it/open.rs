//! Every form of keyring, and every thing that is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pkgseal_keyring::{Error, Form, Loaded, open, open_all};
use pkgseal_repo::{Limits, Severity};
use pkgseal_testkit::keys::{self, TestKey};
use tempfile::TempDir;

mod refused;
mod sources;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn read(path: &Path) -> Loaded {
    open(path, &Limits::default()).unwrap()
}

fn read_bytes(name: &str, bytes: impl AsRef<[u8]>) -> Loaded {
    let folder = Folder::new();
    read(&folder.put(name, bytes))
}

fn good() -> TestKey {
    keys::load("good")
}

fn stranger() -> TestKey {
    keys::load("stranger")
}

fn names(loaded: &Loaded) -> Vec<String> {
    let names = loaded.certificates.iter();
    names.map(|c| c.fingerprint().to_string()).collect()
}

fn sorted(keys: &[&TestKey]) -> Vec<String> {
    let mut names: Vec<_> = keys.iter().map(|key| key.fingerprint()).collect();
    names.sort();
    names
}

/// The only finding: code, severity, words.
#[track_caller]
fn finding(loaded: &Loaded) -> (&'static str, Severity, &str) {
    let [finding] = &loaded.findings[..] else {
        panic!("{:#?}", loaded.findings);
    };
    (finding.code.id, finding.severity, &finding.detail)
}

#[test]
fn armored_and_binary_files_in_any_number() {
    let both = [good().certificate(), stranger().certificate()].concat();
    let binary = [good().certificate_binary(), stranger().certificate_binary()].concat();
    for (name, bytes, form) in [
        ("k.asc", &both, Form::Armored),
        ("k.gpg", &binary, Form::Binary),
    ] {
        let loaded = read_bytes(name, bytes);
        assert_eq!(names(&loaded), sorted(&[&good(), &stranger()]));
        assert_eq!(loaded.findings, []);
        assert_eq!(loaded.sources.len(), 1);
        assert_eq!(loaded.sources[0].form, form);
        assert_eq!(loaded.sources[0].certificates.len(), 2);
    }
}

/// A KEYS file of the Apache foundation: listings between the blocks.
#[test]
fn text_between_blocks_is_skipped() {
    let mut bytes = b"This file contains the PGP keys of developers.\n\npub   ed25519\n".to_vec();
    bytes.extend(good().certificate());
    bytes.extend(b"\npub   ed25519 2025-01-01\nuid stranger\n\n");
    bytes.extend(stranger().certificate());
    bytes.extend(b"\nthe end\n");
    let loaded = read_bytes("KEYS", bytes);
    assert_eq!(names(&loaded), sorted(&[&good(), &stranger()]));
    assert_eq!(loaded.findings, []);
}

#[test]
fn copies_are_merged() {
    let folder = Folder::new();
    folder.put("a.asc", good().certificate());
    folder.put("b.gpg", good().certificate_binary());
    let loaded = read(folder.path());
    assert_eq!(names(&loaded), sorted(&[&good()]));
    assert_eq!(loaded.sources.len(), 2);
    let one = folder.path().join("a.asc");
    let loaded = open_all([&one, &one], &Limits::default()).unwrap();
    assert_eq!(loaded.certificates.len(), 1);
}

#[test]
fn a_directory_is_read_whole_in_order_of_names() {
    let folder = Folder::new();
    folder.put("b.gpg", good().certificate_binary());
    folder.put("a/RPM-GPG-KEY-stranger", stranger().certificate());
    folder.put("README", "nothing here\n");
    folder.put(".hidden.asc", keys::load("young").certificate());
    let target = folder.put("target.asc", keys::load("expired").certificate());
    std::os::unix::fs::symlink(&target, folder.path().join("RPM-GPG-KEY-link")).unwrap();
    let loaded = read(folder.path());
    assert_eq!(
        names(&loaded),
        sorted(&[&good(), &stranger(), &keys::load("expired")])
    );
    assert_eq!(
        finding(&loaded),
        (
            "keyring.no-certificate",
            Severity::Note,
            "there is no OpenPGP certificate in it"
        )
    );
    let order: Vec<_> = loaded
        .sources
        .iter()
        .map(|source| source.path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        order,
        [
            "RPM-GPG-KEY-link",
            "RPM-GPG-KEY-stranger",
            "b.gpg",
            "target.asc"
        ]
    );
}

#[test]
fn removed_keys_in_a_directory_are_not_trusted() {
    let folder = Folder::new();
    folder.put("archive-keyring.gpg", good().certificate_binary());
    let removed = folder.put("archive-removed-keys.gpg", stranger().certificate_binary());
    let loaded = read(folder.path());
    assert_eq!(names(&loaded), sorted(&[&good()]));
    assert_eq!(finding(&loaded).0, "keyring.retired");
    assert_eq!(names(&read(&removed)), sorted(&[&stranger()]));
}

#[test]
fn links_in_a_circle_end() {
    let folder = Folder::new();
    folder.put("a/k.asc", good().certificate());
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
    let loaded = read(folder.path());
    assert_eq!(loaded.certificates.len(), 1);
    assert_eq!(loaded.findings[0].code.id, "keyring.unreadable");
}

#[test]
fn a_certificate_directory_is_read_and_its_names_are_checked() {
    let folder = Folder::new();
    let place = |key: &TestKey| {
        let name = key.fingerprint().to_lowercase();
        format!("{}/{}", &name[..2], &name[2..])
    };
    let v6 = keys::load("good-v6-ed25519");
    folder.put(&place(&good()), good().certificate_binary());
    folder.put(&place(&v6), v6.certificate_binary());
    folder.put("trust-root", keys::load("young").secret());
    folder.put("writelock", "");
    folder.put("_index", "x");
    let loaded = read(folder.path());
    assert_eq!(names(&loaded), sorted(&[&good(), &v6]));
    assert_eq!(loaded.findings, []);

    folder.put(
        &place(&stranger()),
        keys::load("expired").certificate_binary(),
    );
    let loaded = read(folder.path());
    let (code, severity, words) = finding(&loaded);
    assert_eq!((code, severity), ("keyring.wrong-name", Severity::Warning));
    assert!(
        words.contains(&stranger().fingerprint().to_lowercase()),
        "{words}"
    );
    assert!(
        words.contains(&keys::load("expired").fingerprint()),
        "{words}"
    );
}

#[test]
fn a_keybox_is_refused_with_the_command_that_converts_it() {
    let mut keybox = vec![0, 0, 0, 32, 1, 1, 0, 2];
    keybox.extend(b"KBXf");
    keybox.extend([0; 20]);
    let folder = Folder::new();
    let path = folder.put("my keys.kbx", &keybox);
    let loaded = read(&path);
    assert_eq!(
        finding(&loaded),
        (
            "keyring.keybox",
            Severity::Undecided,
            "a GnuPG keybox, which only gpg reads"
        )
    );
    let hint = loaded.findings[0].hint.clone().unwrap();
    let folder_name = folder.path().display();
    assert_eq!(
        hint,
        format!(
            "run `gpg --no-default-keyring --keyring '{folder_name}/my keys.kbx' --export > '{folder_name}/my keys.gpg'`"
        )
    );
}

#[test]
fn the_keybox_command_works() {
    use pkgseal_testkit::peers::gnupg::Home;
    let Some(home) = Home::new(&[]) else { return };
    home.import(good().certificate());
    let folder = Folder::new();
    let keybox = folder.put("k.kbx", fs::read(home.path().join("pubring.kbx")).unwrap());
    let loaded = read(&keybox);
    let hint = loaded.findings[0].hint.clone().unwrap();
    let command = hint
        .trim_start_matches("run `")
        .trim_end_matches('`')
        .to_owned();
    let run = std::process::Command::new("sh")
        .args(["-c", &command])
        .env("GNUPGHOME", home.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{command}: {run:?}");
    assert_eq!(
        names(&read(&keybox.with_extension("gpg"))),
        sorted(&[&good()])
    );
}

#[test]
fn a_secret_key_gives_its_certificate_and_a_warning() {
    let loaded = read_bytes("k.asc", good().secret());
    assert_eq!(names(&loaded), sorted(&[&good()]));
    assert_eq!(finding(&loaded).0, "keyring.secret-key");
    let certificate = loaded.certificates.iter().next().unwrap();
    let text = String::from_utf8(certificate.to_armored()).unwrap();
    assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

#[test]
fn what_apt_does_not_read_is_warned_of() {
    let armored = String::from_utf8(good().certificate().to_vec()).unwrap();
    let crlf = armored.replace('\n', "\r\n");
    let binary = good().certificate_binary();
    for (name, bytes, words) in [
        ("k.gpg", armored.as_bytes(), "armored, but named .gpg"),
        ("k.asc", &binary, "binary, but named .asc"),
        ("k.asc", crlf.as_bytes(), "CRLF"),
        (
            "trusted.gpg.d/my key.asc",
            armored.as_bytes(),
            "apt skips a file of this name",
        ),
        (
            "trusted.gpg.d/k.key",
            armored.as_bytes(),
            "apt skips a file of this name",
        ),
    ] {
        let loaded = read_bytes(name, bytes);
        assert_eq!(names(&loaded), sorted(&[&good()]), "{name}");
        let (code, severity, detail) = finding(&loaded);
        assert_eq!((code, severity), ("keyring.apt-ignores", Severity::Warning));
        assert!(detail.contains(words), "{detail}");
    }
    for (name, bytes) in [
        ("trusted.gpg.d/a-b_c:1.asc", armored.as_bytes()),
        ("RPM-GPG-KEY-x", armored.as_bytes()),
        ("k.pgp", &binary),
    ] {
        assert_eq!(read_bytes(name, bytes).findings, [], "{name}");
    }
    let folder = Folder::new();
    let path = folder.put("k.asc", &armored);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(finding(&read(&path)).2.contains("_apt"));
}

/// Where we warn, apt finds no key; where we do not, it does.
#[test]
fn apt_agrees_with_the_warnings() {
    use pkgseal_openpgp::{Signer, cleartext};
    use pkgseal_testkit::keys::{SIGNED, time};
    use pkgseal_testkit::peers::apt;

    let key = good();
    let signer = Signer::open(key.secret(), || Ok(Vec::new()), time(SIGNED)).unwrap();
    let release = b"Date: Sat, 01 Mar 2025 00:00:00 UTC\nSHA256:\n \
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages\n";
    let folder = Folder::new();
    folder.put("Packages", "");
    folder.put(
        "InRelease",
        cleartext::sign(&[signer], release, time(SIGNED)).unwrap(),
    );
    let Some(root) = apt::Root::new("") else {
        return;
    };

    let armored = String::from_utf8(key.certificate().to_vec()).unwrap();
    let binary = key.certificate_binary();
    let around = format!("some text\n\n{armored}\nmore text\n");
    let crlf = armored.replace('\n', "\r\n");
    for (name, bytes) in [
        ("armored.asc", armored.as_bytes()),
        ("armored.gpg", armored.as_bytes()),
        ("armored.pgp", armored.as_bytes()),
        ("armored", armored.as_bytes()),
        ("around.asc", around.as_bytes()),
        ("crlf.asc", crlf.as_bytes()),
        ("binary.asc", &binary),
        ("binary.gpg", &binary),
        ("binary.pgp", &binary),
    ] {
        let keyring = folder.put(name, bytes);
        root.sources(&format!(
            "Types: deb\nURIs: file:{}\nSuites: ./\nSigned-By: {}\n",
            folder.path().display(),
            keyring.display()
        ));
        let run = root.update();
        let warned = !read(&keyring).findings.is_empty();
        assert_eq!(run.accepted(), !warned, "{name}: {run}");
    }
}

#[test]
fn a_damaged_neighbour_does_not_stop_the_good_one() {
    let mut broken = String::from_utf8(stranger().certificate().to_vec()).unwrap();
    broken.insert_str(60, "!!!!");
    let bytes = [broken.as_bytes(), good().certificate()].concat();
    let loaded = read_bytes("k.asc", bytes);
    assert_eq!(names(&loaded), sorted(&[&good()]));
    let (code, severity, _) = finding(&loaded);
    assert_eq!((code, severity), ("keyring.unusable", Severity::Warning));
}
