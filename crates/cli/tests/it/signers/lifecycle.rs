//! Keys that are changed where they are: with gpg-agent, on a token, behind a command. The
//! certificate alone is written, and gpg, gpgv, sqv and sq take it.

mod refusals;
mod subkeys;

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::keys::{self, TestKey};
use pkgseal_testkit::peers::signing_command::SigningCommand;
use pkgseal_testkit::peers::softhsm::{Beside, SoftHsm};
use pkgseal_testkit::peers::{gnupg, have, run, sequoia};
use serde_json::Value;

use crate::run::{Call, find, listing, pkgseal};

/// The certificate is given an end here, and extended a little later.
const ENDED: &str = "2025-03-10";
const EXTENDED: &str = "2025-03-11";
/// So far that sq and gpg, which read the machine's clock, find it alive.
const FAR: &str = "2099-01-01";

/// Who keeps the key.
enum Keeper {
    Agent(gnupg::Home),
    Token(SoftHsm),
    Command(SigningCommand),
}

impl Keeper {
    fn of(kind: &str, key: &TestKey) -> Option<Self> {
        Some(match kind {
            "agent" => Self::Agent(gnupg::Home::new(&[key])?),
            "token" => {
                let hsm = SoftHsm::new()?;
                hsm.import(key, "archive", "a1", Beside::Public);
                Self::Token(hsm)
            }
            _ => Self::Command(SigningCommand::new(key)?),
        })
    }

    /// As `--key` and `KEY` name it.
    fn name(&self, key: &TestKey) -> String {
        match self {
            Self::Agent(_) => format!("gpg-agent:{}", key.fingerprint()),
            Self::Token(hsm) => format!(
                "pkcs11:object=archive?pin-source=file:{}",
                hsm.pin_file().display()
            ),
            Self::Command(command) => format!("command:{}", command.program().display()),
        }
    }

    fn environment(&self, call: Call) -> Call {
        match self {
            Self::Agent(home) => call
                .env("GNUPGHOME", home.path())
                .env("GPG_TTY", "")
                .env("PINENTRY_PROGRAM", "/nonexistent/pinentry"),
            Self::Token(hsm) => call
                .env("SOFTHSM2_CONF", hsm.settings())
                .env("PKGSEAL_PKCS11_MODULE", hsm.module()),
            Self::Command(_) => call,
        }
    }
}

/// A key that somebody keeps, its certificate, and notes that it signed.
struct Bench {
    folder: tempfile::TempDir,
    keeper: Keeper,
    key: TestKey,
}

impl Bench {
    fn new(kind: &str, name: &str) -> Option<Self> {
        let key = keys::load(name);
        let bench = Self {
            keeper: Keeper::of(kind, &key)?,
            folder: tempfile::tempdir().unwrap(),
            key,
        };
        fs::write(bench.certificate(), bench.key.certificate()).unwrap();
        fs::write(bench.path("notes"), "notes\n").unwrap();
        bench.sign("notes", keys::SIGNED);
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn certificate(&self) -> PathBuf {
        self.path("archive.asc")
    }

    fn sign(&self, name: &str, time: &str) {
        let call = pkgseal(["sign", "--time", time, "--key"]).arg(self.keeper.name(&self.key));
        self.keeper
            .environment(call)
            .arg("--certificate")
            .arg(self.certificate())
            .arg(self.path(name))
            .run()
            .expect(0);
    }

    /// `pkgseal key COMMAND… KEY --certificate FILE`.
    fn change(&self, command: &[&str], time: &str) -> Call {
        let call = pkgseal(["key"]).args(command).args(["--time", time]);
        self.keeper
            .environment(call)
            .arg(self.keeper.name(&self.key))
            .arg("--certificate")
            .arg(self.certificate())
    }

    fn told(&self, command: &[&str], time: &str) -> Value {
        let run = self.change(command, time).arg("--json").run().expect(0);
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// The certificate as packets.
    fn binary(&self) -> Vec<u8> {
        let armored = fs::read(self.certificate()).unwrap();
        let (certificates, errors) = pkgseal_openpgp::Certificate::parse_all(&armored);
        assert!(errors.is_empty(), "{errors:?}");
        certificates[0].to_binary()
    }

    fn verify(&self, name: &str, time: &str) -> i32 {
        pkgseal(["verify", "--time", time, "--keyring"])
            .arg(self.certificate())
            .arg(self.path(name))
            .run()
            .status
    }

    /// gpg, gpgv, sqv and sq take the certificate, and the old signature by it.
    fn peers(&self, accepted: bool) {
        let certificate = fs::read(self.certificate()).unwrap();
        let signature = fs::read(self.path("notes.asc")).unwrap();
        if let Some(home) = gnupg::Home::new(&[]) {
            home.import(&certificate);
            let listed = run(home.command().args(["--with-colons", "-k"])).expect_ok();
            let dead = ["pub:e:", "pub:r:"].iter().any(|word| listed.says(word));
            assert_eq!(!dead, accepted, "{listed}");
            assert!(listed.says(&self.key.fingerprint()), "{listed}");
            let run = home.verify(&signature, Some(b"notes\n"));
            assert_eq!(run.says("GOODSIG"), accepted, "{run}");
        }
        if let Some(run) = gnupg::gpgv(&self.binary(), &signature, Some(b"notes\n")) {
            assert_eq!(run.says("GOODSIG"), accepted, "{run}");
        }
        // sqv asks whether the key was alive when it signed, as sq does.
        if let Some(run) = sequoia::sqv(&self.binary(), &signature, b"notes\n") {
            run.expect_ok();
        }
        if let Some(sq) = have("sq") {
            let inspected = sq
                .run([Path::new("inspect"), &self.certificate()])
                .expect_ok();
            let dead = inspected.says("xpired") || inspected.says("Invalid");
            assert_eq!(!dead, accepted, "{inspected}");
        }
    }
}

/// A file that nobody else may read.
fn secret(folder: &Path, name: &str, words: impl AsRef<[u8]>) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join(name);
    fs::write(&file, words).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// Every keeper with keys it can have: the agent with those whose subkey signs too.
const KEPT: &[(&str, &str)] = &[
    ("agent", "good-ed25519"),
    ("agent", "good-rsa4096"),
    ("token", "primary-signs"),
    ("token", "primary-signs-rsa3072"),
    ("command", "primary-signs"),
    ("command", "primary-signs-rsa3072"),
];

#[test]
fn a_certificate_ends_and_is_extended_by_whoever_keeps_its_key() {
    for (kind, name) in KEPT {
        let Some(bench) = Bench::new(kind, name) else {
            continue;
        };
        bench
            .change(&["extend", "--expires", "1d"], ENDED)
            .run()
            .expect(0);
        bench.peers(false);
        assert_eq!(bench.verify("notes", keys::NOW), 0, "{kind} {name}");

        let told = bench.told(&["extend", "--expires", FAR], EXTENDED);
        assert_eq!(
            told["fingerprint"],
            bench.key.fingerprint(),
            "{kind} {name}"
        );
        assert_eq!(
            told["outputs"],
            serde_json::json!([bench.certificate().display().to_string()])
        );
        assert_eq!(told["publish"], bench.certificate().display().to_string());
        for change in told["changes"].as_array().unwrap() {
            assert_eq!(change["to"], format!("{FAR}T00:00:00Z"), "{told}");
        }
        bench.peers(true);
        bench.sign("notes", keys::NOW);
        bench.peers(true);
        assert_eq!(bench.verify("notes", keys::NOW), 0, "{kind} {name}");
        assert_eq!(
            listing(bench.folder.path()),
            ["archive.asc", "notes", "notes.asc"],
            "{kind} {name}"
        );
    }
}

#[test]
fn a_revocation_is_made_by_whoever_keeps_the_key() {
    for (kind, name) in KEPT {
        let Some(bench) = Bench::new(kind, name) else {
            continue;
        };
        let revoke = ["revoke", "--whole", "--reason", "compromised"];
        let told = bench.told(&revoke, EXTENDED);
        assert_eq!(told["changes"][0]["part"], "certificate", "{told}");
        assert_eq!(told["changes"][0]["hard"], true, "{told}");
        assert_eq!(bench.verify("notes", keys::NOW), 1, "{kind} {name}");
        let signature = fs::read(bench.path("notes.asc")).unwrap();
        if let Some(run) = gnupg::gpgv(&bench.binary(), &signature, Some(b"notes\n")) {
            assert!(run.says("REVKEYSIG"), "{kind} {name}: {run}");
        }
        if let Some(run) = sequoia::sqv(&bench.binary(), &signature, b"notes\n") {
            run.expect_failure();
        }
        let again = bench.change(&revoke, keys::NOW).run().expect(2);
        assert!(again.stderr.contains("revoked already"), "{}", again.stderr);
    }
}

/// Without `--certificate`, gpg's copy is changed; gpg itself learns of it by an import.
#[test]
fn gpg_is_asked_for_the_certificate_of_its_agents_key() {
    let Some(bench) = Bench::new("agent", "good-ed25519") else {
        return;
    };
    let made = bench.path("made");
    let extend = |expires: &str| {
        let call = pkgseal(["key", "extend", "--time", EXTENDED, "--expires", expires]);
        bench
            .keeper
            .environment(call)
            .arg(bench.keeper.name(&bench.key))
            .arg("--output")
            .arg(&made)
            .run()
    };
    let run = extend(FAR).expect(0);
    for words in ["[key.gpg-keeps-old]", "gpg --import"] {
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
    let certificate = find(&made, ".cert.asc");
    let name = format!("{}.cert.asc", bench.key.fingerprint());
    assert_eq!(listing(&made), [name]);
    // Not again over what may have been published since.
    let refused = extend("2098-01-01").expect(2);
    assert!(
        refused.stderr.contains("--certificate"),
        "{}",
        refused.stderr
    );

    let Keeper::Agent(home) = &bench.keeper else {
        return;
    };
    home.import(&fs::read(&certificate).unwrap());
    let listed = run_list(home);
    // 2099-01-01 in seconds.
    assert!(listed.contains("4070908800"), "{listed}");
    let signed = home.detach_sign(&[&bench.key], b"notes\n", keys::time(keys::NOW));
    if let Some(run) = gnupg::gpgv(&bench.key.certificate_binary(), &signed, Some(b"notes\n")) {
        assert!(run.says("GOODSIG"), "{run}");
    }
}

fn run_list(home: &gnupg::Home) -> String {
    run(home.command().args(["--with-colons", "-k"]))
        .expect_ok()
        .text
}

/// SHA-1 in the self-signatures of a key that a token, an agent or a command has.
#[test]
fn what_is_weak_is_mended_by_whoever_keeps_the_key() {
    use pkgseal_testkit::keys::{Back, Hash, Says};
    let says = Says::plain(Hash::Sha1, "2025-01-01");
    let weak = |key: &TestKey| {
        let cast = key
            .recast()
            .user_id("pkgseal TEST mend <mend@test.invalid>", &[says]);
        match key.signing_fingerprint() == key.fingerprint() {
            true => cast.certificate(),
            false => cast.binding(says, Back::By(Hash::Sha1)).certificate(),
        }
    };
    for (kind, name) in KEPT {
        let Some(bench) = Bench::new(kind, name) else {
            continue;
        };
        fs::write(bench.certificate(), weak(&bench.key)).unwrap();
        let before = fs::read(bench.certificate()).unwrap();
        let sick = pkgseal(["key", "doctor", "--time", "2026-03-01"])
            .arg(bench.certificate())
            .run()
            .expect(1);
        assert!(sick.stdout.contains("[doctor.weak-"), "{}", sick.stdout);
        let mended = bench.change(&["doctor", "--fix"], "2026-03-01").run();
        assert_eq!(
            mended.status, 0,
            "{kind} {name}: {}{}",
            mended.stdout, mended.stderr
        );
        assert_ne!(fs::read(bench.certificate()).unwrap(), before);
        pkgseal(["key", "doctor", "--time", "2026-03-02"])
            .arg(bench.certificate())
            .run()
            .expect(0);
        let signature = fs::read(bench.path("notes.asc")).unwrap();
        if let Some(run) = sequoia::sqv(&bench.binary(), &signature, b"notes\n") {
            run.expect_ok();
        }
        assert_eq!(
            listing(bench.folder.path()),
            ["archive.asc", "notes", "notes.asc"]
        );
    }
}
