//! `pkgseal key rotate`: steps in their order are done, those that strand somebody are not.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_keyring::lifecycle::{KeyFile, SubkeyRequest, add_subkey};
use pkgseal_repo::{Destination, Lifetime};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys;

use crate::run::{Call, Run, pkgseal, private_key};

/// A folder with repositories, a plan and keys.
pub(crate) struct Rotation {
    folder: tempfile::TempDir,
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
}

impl Rotation {
    pub(crate) fn new(old: &'static str, new: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for key in [old, new] {
            private_key(folder.path(), &format!("{key}.key.asc"));
        }
        Self { folder, old, new }
    }

    /// Of a certificate that gets another signing subkey.
    pub(crate) fn of_subkey(name: &'static str, later: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = private_key(folder.path(), &format!("{name}.key.asc"));
        let none = pkgseal_openpgp::Certificates::default();
        let file = KeyFile::open(&key, &none).unwrap();
        let request = SubkeyRequest {
            algorithm: None,
            expires: Lifetime::parse("never").unwrap(),
        };
        let changed = add_subkey(&file, None, &request, keys::time(keys::SIGNED)).unwrap();
        let folder_of_new = folder.path().join(later).parent().unwrap().to_owned();
        let to = Destination::Directory(folder_of_new);
        file.write(&changed, &to).unwrap();
        Self {
            folder,
            old: name,
            new: later,
        }
    }

    /// The certificate of a key.
    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        let own = self.path(&format!("{name}.cert.asc"));
        if own.exists() {
            own
        } else {
            keys::load(name).certificate_path()
        }
    }

    /// A Maven repository signed by a key.
    pub(crate) fn maven(&self, name: &str, key: &str) -> PathBuf {
        let root = self.path(name);
        maven::write(&root, &[maven::Artifact::new("org.example", "lib", "1.0")]);
        pkgseal(["sign", "--as", "maven", "--time", keys::SIGNED, "--key"])
            .arg(self.key(key))
            .arg(&root)
            .run()
            .expect(0);
        root
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.key.asc"))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path("rotation.toml")
    }

    /// An apt repository signed by a key.
    pub(crate) fn apt(&self, name: &str, key: &str, options: &[&str]) -> PathBuf {
        let root = self.path(name);
        let deb = Deb::new("hello", "1.0", "amd64");
        put(&root.join("pool/main"), &deb.file_name(), deb.build());
        pkgseal([
            "apt",
            "index",
            "--suite",
            "stable",
            "--time",
            keys::SIGNED,
            "--key",
        ])
        .arg(self.key(key))
        .args(options)
        .arg(&root)
        .run()
        .expect(0);
        root
    }

    /// A yum repository of a signed package, signed by a key.
    pub(crate) fn yum(&self, name: &str, key: &str) -> PathBuf {
        let root = self.path(name);
        let rpm = Rpm::new("alpha", "1.0", "noarch", Format::V4);
        put(&root, &rpm.file_name(), rpm.build());
        for command in ["index", "sign"] {
            pkgseal(["yum", command, "--time", keys::SIGNED, "--key"])
                .arg(self.key(key))
                .arg(&root)
                .run()
                .expect(0);
        }
        root
    }

    pub(crate) fn plan(&self, options: &[&str], paths: &[&Path]) -> Run {
        pkgseal(["key", "rotate", "plan", "--time", "2025-03-02", "--output"])
            .arg(self.file())
            .args(options)
            .arg(self.certificate(self.old))
            .arg(self.certificate(self.new))
            .args(paths)
            .run()
    }

    pub(crate) fn step_call(&self, time: &str, with: &[&str], options: &[&str]) -> Call {
        let mut call = pkgseal(["key", "rotate", "step", "--time", time]).args(options);
        for key in with {
            call = call.arg("--key").arg(self.key(key));
        }
        call.arg(self.file())
    }

    pub(crate) fn step(&self, time: &str, with: &[&str], options: &[&str]) -> Run {
        self.step_call(time, with, options).run()
    }

    /// The last two steps, once the window is over.
    fn to_the_end(&self) {
        self.step("2025-06-01", &[self.new], &[]).expect(0);
        self.step("2025-06-15", &[], &[]).expect(0);
        self.status("2025-06-16").expect(0);
    }

    pub(crate) fn both(&self) -> [&'static str; 2] {
        [self.old, self.new]
    }

    pub(crate) fn status(&self, time: &str) -> Run {
        pkgseal(["key", "rotate", "status", "--time", time])
            .arg(self.file())
            .run()
    }

    /// Every client in the JSON of `status`.
    fn clients(&self, time: &str) -> Vec<serde_json::Value> {
        let run = pkgseal(["key", "rotate", "status", "--json", "--time", time])
            .arg(self.file())
            .run();
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let repositories = value["repositories"].as_array().unwrap().iter();
        let clients = repositories.map(|one| one["clients"].as_array().unwrap().clone());
        clients.flatten().collect()
    }

    /// What `status` says of a client: of what, and whether that is accepted.
    pub(crate) fn says(&self, time: &str, client: &str, keyring: &str) -> Vec<(String, bool)> {
        let clients = self.clients(time).into_iter();
        clients
            .filter(|one| one["client"] == client && one["keyring"] == keyring)
            .map(|one| {
                let subject = one["subject"].as_str().unwrap().to_owned();
                (subject, one["answer"] != "rejects")
            })
            .collect()
    }

    /// Clients that count and reject something.
    pub(crate) fn left_behind(&self, time: &str) -> Vec<serde_json::Value> {
        let mut clients = self.clients(time);
        assert!(clients.iter().any(|one| one["counted"] == true));
        clients.retain(|one| one["counted"] == true && one["answer"] == "rejects");
        clients
    }
}

/// Everything beneath a folder, but for what publishing notes for itself.
pub(crate) fn content(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = pkgseal_testkit::peers::files(root)
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("/.pkgseal/"))
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    files.sort();
    files
}

#[track_caller]
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    for word in words {
        assert!(run.stdout.contains(word), "{word}: {}", run.stdout);
    }
}

const WINDOW: &[&str] = &["--window", "90d", "--settle", "14d"];

#[test]
fn an_apt_repository_goes_through_every_step() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.gpg");
    fs::write(&keyring, keys::keyring(&[rotation.old, "stranger"])).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    let at = format!("{}=https://example.org/debian", root.display());
    let url = ["--url", &at];
    let run = rotation.plan(&[WINDOW, &published[..], &url[..]].concat(), &[&root]);
    assert!(run.expect(0).stdout.contains("next: announce"));
    let both = rotation.both();
    let found = |name: &str| {
        let (certificates, _) =
            pkgseal_openpgp::Certificate::parse_all(&fs::read(&keyring).unwrap());
        let wanted = keys::load(name).fingerprint();
        certificates
            .iter()
            .any(|one| one.fingerprint().as_str() == wanted)
    };
    let inrelease = || fs::read(root.join("dists/stable/InRelease")).unwrap();
    let before = inrelease();

    rotation.step("2025-03-03", &both, &[]).expect(0);
    assert_eq!(inrelease(), before, "announcing signs nothing");
    assert!(found(rotation.old) && found(rotation.new) && found("stranger"));
    let folder = rotation.path("rotation.d");
    let statement = fs::read(folder.join("transition.txt.asc")).unwrap();
    for name in both {
        let verifier = pkgseal_openpgp::Verifier::new(
            keys::certificates(&[name]),
            pkgseal_openpgp::Profile::strict(),
            keys::time("2025-03-04"),
        );
        let judged = verifier.cleartext(pkgseal_openpgp::Object::Artifact, &statement);
        assert!(judged.accept().0.is_some(), "{name}");
    }
    let announcement = fs::read_to_string(folder.join("ANNOUNCEMENT.md")).unwrap();
    assert!(announcement.contains("**2025-06-01**"), "{announcement}");
    assert!(announcement.contains("https://example.org/debian"));
    let entry = fs::read_to_string(folder.join("apt.sources")).unwrap();
    assert_eq!(
        entry.matches("BEGIN PGP PUBLIC KEY BLOCK").count(),
        2,
        "{entry}"
    );
    let check = std::process::Command::new("sh")
        .arg("-n")
        .arg(folder.join("check.sh"))
        .status();
    assert!(check.unwrap().success());

    rotation.step("2025-03-04", &both, &[]).expect(0);
    let status = rotation.status("2025-03-05").expect(0);
    assert!(
        status.stdout.contains("signed by old and new"),
        "{}",
        status.stdout
    );
    assert!(
        status.stdout.contains("hand-over, not before 2025-06-01"),
        "{}",
        status.stdout
    );

    let signed = inrelease();
    let early = rotation.step("2025-05-31", &[rotation.new], &[]);
    refused(
        &early,
        &[
            "[rotate.strands]",
            "bookworm with the old keyring",
            "--strand bookworm/old",
            "2025-06-01T00:00:00Z",
        ],
    );
    assert_eq!(inrelease(), signed);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    let status = rotation.status("2025-06-02").expect(0);
    assert!(
        status.stdout.contains("dists/stable is signed by new"),
        "{}",
        status.stdout
    );
    assert!(found(rotation.old));

    refused(
        &rotation.step("2025-06-14", &[], &[]),
        &["[rotate.too-early]", "mirrors/new"],
    );
    assert!(found(rotation.old));
    rotation.step("2025-06-15", &[], &[]).expect(0);
    assert!(!found(rotation.old) && found(rotation.new) && found("stranger"));
    rotation.status("2025-06-16").expect(0);
    let done = rotation.step("2025-06-17", &[], &[]).expect(0);
    assert!(done.stdout.contains("every step is done"));
}

#[test]
fn the_naive_order_is_refused() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.plan(WINDOW, &[&root]).expect(0);
    let before = (content(&root), fs::read(rotation.file()).unwrap());
    let both = rotation.both();
    // The new key at once.
    let run = rotation.step("2025-03-03", &[rotation.new], &["--step", "hand-over"]);
    refused(
        &run,
        &[
            "announce and dual-sign comes first",
            "trixie with the old keyring",
            "is not announced",
        ],
    );
    // Out of the keyrings first.
    let run = rotation.step("2025-09-03", &[], &["--step", "drop"]);
    refused(&run, &["[rotate.order]"]);
    // Nobody is given up by mistake.
    let run = rotation.step("2025-03-03", &both, &["--strand", "bookworm/old"]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    for keyed in [&[][..], &[rotation.new], &[rotation.old]] {
        assert_eq!(
            rotation.step("2025-03-03", keyed, &[]).status,
            2,
            "{keyed:?}"
        );
    }
    let stranger = private_key(&rotation.path("."), "stranger.key.asc");
    let run = rotation
        .step_call("2025-03-03", &both, &[])
        .arg("--key")
        .arg(stranger)
        .run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("neither the old nor the new key"));
    rotation
        .step("2025-03-03", &both, &["--simulate"])
        .expect(0);
    assert!(before == (content(&root), fs::read(rotation.file()).unwrap()));
    assert!(!rotation.path("rotation.d").exists());
}

#[test]
fn an_emergency_names_whom_it_leaves_behind() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    rotation.plan(&clients, &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    let now = |strand: &[&str]| {
        let options = [&["--step", "hand-over"], strand].concat();
        rotation.step("2025-03-04", &[rotation.new], &options)
    };
    refused(
        &now(&["--strand", "bookworm/old"]),
        &["trixie with the old keyring"],
    );
    let both = ["--strand", "bookworm/old", "--strand", "trixie/old"];
    let run = now(&both).expect(0);
    assert!(
        run.stdout.contains("[rotate.stranded-knowingly]"),
        "{}",
        run.stdout
    );
    let text = fs::read_to_string(rotation.file()).unwrap();
    assert!(
        text.contains("stranded = [\"bookworm/old\", \"trixie/old\"]"),
        "{text}"
    );
    let status = rotation.status("2025-03-05").expect(0);
    assert!(
        status.stdout.contains("gave up bookworm/old"),
        "{}",
        status.stdout
    );
}

#[test]
fn a_key_that_clients_cannot_read_is_refused_before_anybody_gets_it() {
    let rotation = Rotation::new("good-rsa4096", "good-v6-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.plan(WINDOW, &[&root]);
    refused(&run, &["[rotate.unfit-key]", "bookworm"]);
    let before = content(&root);
    let run = rotation.step("2025-03-03", &rotation.both(), &[]);
    refused(
        &run,
        &["bookworm with both certificates", "hides the others"],
    );
    assert!(content(&root) == before && !rotation.path("rotation.d").exists());
    // Where nobody reads it with gpgv it is as good as any.
    fs::remove_file(rotation.file()).unwrap();
    rotation.plan(&["--client", "trixie"], &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    rotation.step("2025-03-04", &rotation.both(), &[]).expect(0);
    let message = fs::read(root.join("dists/stable/InRelease")).unwrap();
    let message = pkgseal_openpgp::cleartext::split(&message).unwrap();
    let certificates = keys::certificates(&rotation.both());
    let verifier = pkgseal_openpgp::Verifier::new(
        certificates,
        pkgseal_openpgp::Profile::strict(),
        keys::time("2025-03-04"),
    );
    let mut hashes = verifier.plan([&message.signatures]).start();
    hashes.update(message.text.strip_suffix(b"\n").unwrap());
    let report = verifier.hashed(
        pkgseal_openpgp::Object::Repository,
        &message.signatures,
        &hashes,
    );
    let versions: Vec<_> = report
        .signatures
        .iter()
        .map(|facts| facts.version)
        .collect();
    assert_eq!(versions, [4, 6]);
}

#[test]
fn an_old_key_that_expires_too_soon_stops_the_plan() {
    let rotation = Rotation::new("expired", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.plan(&["--window", "180d"], &[&root]);
    refused(&run, &["[rotate.expires-too-soon]", "--window 91d"]);
    refused(
        &rotation.step("2025-03-03", &rotation.both(), &[]),
        &["[rotate.expires-too-soon]"],
    );
    fs::remove_file(rotation.file()).unwrap();
    rotation.plan(&["--window", "60d"], &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
}

#[test]
fn what_the_release_says_of_its_signers_follows() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let old = keys::load(rotation.old).fingerprint();
    let options = ["--valid-for", "30d", "--signed-by", &old];
    let root = rotation.apt("apt", rotation.old, &options);
    rotation
        .plan(&["--window", "1d", "--settle", "0s"], &[&root])
        .expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    // Whoever goes by the Release would refuse the new key.
    let run = rotation.step("2025-03-05", &[rotation.new], &["--step", "hand-over"]);
    refused(&run, &["where the Release before is remembered"]);
    rotation.step("2025-03-05", &both, &[]).expect(0);
    let release = || fs::read_to_string(root.join("dists/stable/Release")).unwrap();
    let new = keys::load(rotation.new).fingerprint();
    assert!(
        release().contains(&format!("Signed-By: {old}, {new}\n")),
        "{}",
        release()
    );
    let run = rotation.step("2025-03-20", &[rotation.new], &[]);
    refused(&run, &["pinned/both", "2025-03-31"]);
    rotation.step("2025-03-31", &[rotation.new], &[]).expect(0);
    assert!(
        release().contains(&format!("Signed-By: {new}\n")),
        "{}",
        release()
    );
}

#[test]
fn an_interrupted_step_is_done_again() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.asc");
    fs::write(&keyring, keys::load(rotation.old).certificate()).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    rotation
        .plan(&[WINDOW, &published[..]].concat(), &[&root])
        .expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    // In the middle: the suite is signed, and nothing can be written beside the plan.
    let folder = rotation.path("rotation.d");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    assert_eq!(rotation.step("2025-03-04", &both, &[]).status, 2);
    let status = rotation.status("2025-03-04").expect(0);
    assert!(
        status
            .stdout
            .contains("begun 2025-03-04T00:00:00Z and not ended"),
        "{}",
        status.stdout
    );
    // Nothing else goes before it.
    let run = rotation.step("2025-09-01", &[rotation.new], &["--step", "hand-over"]);
    refused(&run, &["dual-sign was interrupted"]);
    fs::remove_file(&folder).unwrap();
    rotation.step("2025-03-05", &both, &[]).expect(0);
    rotation.status("2025-03-06").expect(0);
    assert!(folder.join("keyring.gpg").exists());
}

#[test]
fn what_went_otherwise_is_seen() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.gpg");
    fs::write(&keyring, keys::keyring(&[rotation.old])).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    rotation
        .plan(&[WINDOW, &published[..]].concat(), &[&root])
        .expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    // The nightly job knows one key only.
    pkgseal(["apt", "refresh", "--time", "2025-03-05", "--key"])
        .arg(rotation.key(rotation.old))
        .arg("--keyring")
        .arg(keys::load(rotation.old).certificate_path())
        .arg(&root)
        .run()
        .expect(0);
    refused(
        &rotation.status("2025-03-06"),
        &["[rotate.signed-otherwise]"],
    );
    // Somebody restored the keyring from a backup.
    fs::write(&keyring, keys::keyring(&[rotation.old])).unwrap();
    let run = rotation.step("2025-07-01", &[rotation.new], &[]);
    refused(&run, &["[rotate.keyring-not-published]"]);
}

#[test]
fn plans_for_nothing_are_refused() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.new, &[]);
    refused(
        &rotation.plan(&[], &[&root]),
        &["[rotate.signed-otherwise]"],
    );
    // Not over a plan that was begun.
    assert_eq!(rotation.plan(&[], &[&root]).status, 2);
    fs::remove_file(rotation.file()).unwrap();
    let elsewhere = rotation.path("nowhere");
    for (options, path) in [
        (&["--client", "el9"][..], &root),
        (&["--client", "rpm-4.18"], &root),
        (&["--client", "gpg"], &root),
        (&["--window", "soon"], &root),
        (&["--url", "https://example.org"], &root),
        (&["--url", "/tmp=https://example.org"], &root),
        (&[], &elsewhere),
    ] {
        let run = rotation.plan(options, &[path]);
        assert_eq!(run.status, 2, "{options:?}: {}", run.stdout);
        assert!(!rotation.file().exists(), "{options:?}");
    }
    let same = Rotation::new("good-rsa4096", "good-rsa4096");
    assert_eq!(same.plan(&[], &[&root]).status, 2);
    fs::write(rotation.file(), "version = 1\n").unwrap();
    for run in [
        rotation.status("2025-03-03"),
        rotation.step("2025-03-03", &[], &[]),
    ] {
        assert_eq!(run.status, 2);
        assert!(
            run.stderr.contains("rotation plan: syntax"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_yum_repository_is_signed_by_one_key_at_a_time() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = ["--client", "rpm-4.18", "--client", "dnf-el9"];
    rotation
        .plan(&[WINDOW, &clients[..]].concat(), &[&root])
        .expect(0);
    let key = root.join("repodata/repomd.xml.key");
    let blocks = || {
        let text = fs::read_to_string(&key).unwrap();
        text.matches("BEGIN PGP PUBLIC KEY BLOCK").count()
    };
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    assert_eq!(blocks(), 2);
    let status = rotation.status("2025-03-04").expect(0);
    assert!(
        status
            .stdout
            .contains("next: hand-over, not before 2025-06-01"),
        "{}",
        status.stdout
    );
    let early = rotation.step("2025-05-01", &[rotation.new], &[]);
    refused(
        &early,
        &[
            "dnf-el9 with the old keyring",
            "gpgkey=",
            "packages to come",
        ],
    );
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    assert_eq!(blocks(), 2);
    rotation.status("2025-06-02").expect(0);
    // Packages still carry the old signature: who has the new certificate alone could not
    // install them.
    let run = rotation.step("2025-07-01", &[], &[]);
    refused(
        &run,
        &[
            "packages signed by",
            "rpm-4.18 with the new certificate alone",
            "--existing",
        ],
    );
    pkgseal([
        "yum",
        "sign",
        "--packages",
        "all",
        "--existing",
        "replace",
        "--time",
        "2025-07-01",
        "--key",
    ])
    .arg(rotation.key(rotation.new))
    .arg(&root)
    .run()
    .expect(0);
    rotation.step("2025-07-02", &[], &[]).expect(0);
    assert_eq!(blocks(), 1);
    rotation.status("2025-07-03").expect(0);
}

#[test]
fn packages_are_signed_anew_where_the_plan_says_so() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = [
        "--client",
        "rpm-4.18",
        "--client",
        "dnf-el9",
        "--resign-packages",
    ];
    rotation
        .plan(&[WINDOW, &clients[..]].concat(), &[&root])
        .expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    rotation.step("2025-07-02", &[], &[]).expect(0);
    let status = rotation.status("2025-07-03").expect(0);
    let signer = keys::load(rotation.new).signing_fingerprint();
    assert!(
        status
            .stdout
            .contains(&format!("1 packages signed by {signer}")),
        "{}",
        status.stdout
    );
}

#[test]
fn two_signatures_in_repomd_are_refused_for_who_reads_one() {
    let rotation = Rotation::new("primary-signs-rsa3072", "good-rsa4096");
    let root = rotation.yum("yum", rotation.old);
    rotation.plan(&["--client", "dnf-el10"], &[&root]);
    let before = content(&root);
    rotation.step("2025-03-03", &rotation.both(), &[]);
    let both = ["--step", "dual-sign", "--several-signatures"];
    let run = rotation.step("2025-03-04", &rotation.both(), &both);
    refused(
        &run,
        &["[rotate.strands]", "dnf-el10", "exactly one signature"],
    );
    let asc = |files: &[(PathBuf, Vec<u8>)]| {
        let found = files
            .iter()
            .find(|(path, _)| path.ends_with("repomd.xml.asc"));
        found.unwrap().1.clone()
    };
    assert_eq!(asc(&content(&root)), asc(&before));
}

#[test]
fn a_signing_subkey_is_replaced() {
    let rotation = Rotation::of_subkey("good-rsa4096", "later/good-rsa4096");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.plan(WINDOW, &[&root]).expect(0);
    assert!(
        run.stdout.contains("replaces a signing subkey"),
        "{}",
        run.stdout
    );
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    let status = rotation.status("2025-03-05").expect(0);
    assert!(
        status.stdout.contains("signed by old and new"),
        "{}",
        status.stdout
    );
    assert!(
        status
            .stdout
            .contains("today it would leave behind bookworm/old"),
        "{}",
        status.stdout
    );
    refused(
        &rotation.step("2025-05-01", &[rotation.new], &[]),
        &["trixie with the old keyring"],
    );
    rotation.to_the_end();
}

#[test]
fn an_rpm_that_never_updates_a_certificate_needs_another_one() {
    let rotation = Rotation::of_subkey("good-rsa4096", "later/good-rsa4096");
    let root = rotation.yum("yum", rotation.old);
    let clients = ["--client", "rpm-4.18", "--client", "rpm-6"];
    rotation
        .plan(&[WINDOW, &clients[..]].concat(), &[&root])
        .expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    let run = rotation.step("2025-06-01", &[rotation.new], &[]);
    refused(
        &run,
        &[
            "packages to come",
            "rpm-4.18 with both",
            "another certificate rather than",
        ],
    );
    assert!(!run.stdout.contains("--strand rpm-6"), "{}", run.stdout);
}

#[test]
fn maven_releases_are_never_signed_anew() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.maven("maven", rotation.old);
    let list = rotation.path("KEYS");
    fs::write(&list, keys::load(rotation.old).certificate()).unwrap();
    let published = ["--published", list.to_str().unwrap()];
    rotation
        .plan(&[WINDOW, &published[..]].concat(), &[&root])
        .expect(0);
    let before = content(&root);
    let has = |name: &str| {
        let text = fs::read_to_string(&list).unwrap();
        text.contains(&format!("pub   {}", keys::load(name).fingerprint()))
    };
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    assert!(has(rotation.old) && has(rotation.new));
    let early = rotation.step("2025-05-01", &[rotation.new], &[]);
    refused(&early, &["releases to come", "gradle with the old keyring"]);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    rotation.step("2025-06-15", &[], &[]).expect(0);
    assert!(
        has(rotation.old) && has(rotation.new),
        "old releases stay verifiable"
    );
    assert!(content(&root) == before);
    rotation.status("2025-06-16").expect(0);
    let announcement = rotation.path("rotation.d/ANNOUNCEMENT.md");
    let announcement = fs::read_to_string(announcement).unwrap();
    assert!(announcement.contains("<trusted-key id="), "{announcement}");
}

#[test]
fn an_old_key_that_died_meanwhile_does_not_stop_the_hand_over() {
    let rotation = Rotation::new("expired", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.plan(&["--window", "60d"], &[&root]).expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    // It expired on 2025-06-01.
    rotation.step("2025-06-10", &[rotation.new], &[]).expect(0);
    rotation.status("2025-06-11").expect(0);
}
