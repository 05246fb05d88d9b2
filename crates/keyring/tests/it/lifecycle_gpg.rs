//! Keys that gpg made, changed by us; keys that we changed, in gpg's hands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use jiff::Timestamp;
use pkgseal_keyring::Passphrase;
use pkgseal_keyring::lifecycle::{
    Changed, KeyFile, Replaced, SubkeyRequest, Which, extend, protect, replace_subkey, split,
};
use pkgseal_openpgp::Certificates;
use pkgseal_repo::{Destination, Lifetime};
use pkgseal_testkit::keys::PASSPHRASE;
use pkgseal_testkit::peers::{gnupg, run, sequoia};

const WHO: &str = "TEST gpg <gpg@test.invalid>";
/// When gpg makes its keys; it starts its clock there.
const MADE: &str = "20250301T000000";

fn now() -> Timestamp {
    "2025-06-01T00:00:00Z".parse().unwrap()
}

fn lifetime(text: &str) -> Lifetime {
    Lifetime::parse(text).unwrap()
}

struct Made {
    home: gnupg::Home,
    fingerprint: String,
}

impl Made {
    /// `gpg --quick-gen-key` and `--quick-add-key`.
    fn by_gpg(primary: &str, subkey: &str, passphrase: &str) -> Option<Self> {
        let home = gnupg::Home::new(&[])?;
        let gpg = |arguments: &[&str]| {
            let mut command = home.command();
            command
                .args(["--faked-system-time", MADE, "--passphrase", passphrase])
                .args(arguments);
            run(&mut command).expect_ok()
        };
        gpg(&["--quick-gen-key", WHO, primary, "cert", "1y"]);
        let listed = gpg(&["--with-colons", "--list-keys"]).text;
        let line = listed.lines().find(|line| line.starts_with("fpr:"));
        let fingerprint = line.unwrap().split(':').nth(9).unwrap().to_owned();
        gpg(&["--quick-add-key", &fingerprint, subkey, "sign", "1y"]);
        Some(Self { home, fingerprint })
    }

    fn export(&self, how: &str, passphrase: &str) -> Vec<u8> {
        let mut command = self.home.command();
        command
            .args(["--passphrase", passphrase, "--armor", how])
            .arg(&self.fingerprint);
        run(&mut command).expect_ok().stdout
    }
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(secret: &[u8]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let begin = secret
            .windows(5)
            .position(|window| window == b"-----")
            .unwrap();
        bench.put("gpg.key.asc", secret.get(begin..).unwrap());
        bench.put("words", PASSPHRASE.as_bytes());
        bench
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn words(&self) -> Passphrase {
        Passphrase::File(self.folder.path().join("words"))
    }

    fn open(&self) -> KeyFile {
        let path = self.folder.path().join("gpg.key.asc");
        KeyFile::open(&path, &Certificates::default()).unwrap()
    }

    fn write(&self, changed: &Changed) {
        self.open().write(changed, &Destination::Beside).unwrap();
    }
}

/// What a new gpg makes of secret keys: field 15 of `sec` and `ssb` lines, field 7 their
/// expiry in seconds.
fn listed(secret: &[u8], certificate: &[u8]) -> Option<Vec<(String, String, String)>> {
    let home = gnupg::Home::new(&[])?;
    home.import(secret);
    home.import(certificate);
    let mut command = home.command();
    command.args(["--with-colons", "-K"]);
    let text = run(&mut command).expect_ok().text;
    let field = |line: &str, number: usize| line.split(':').nth(number).unwrap_or("").to_owned();
    let keys = text
        .lines()
        .filter(|line| line.starts_with("sec:") || line.starts_with("ssb:"))
        .map(|line| (field(line, 0), field(line, 14), field(line, 6)))
        .collect();
    Some(keys)
}

#[test]
fn keys_that_gpg_made_are_extended_and_gpg_reads_them() {
    let end = lifetime("3y").end(now()).unwrap().unwrap();
    let end = end.as_second().to_string();
    for (primary, subkey, passphrase) in [
        ("ed25519", "ed25519", ""),
        ("ed25519", "ed25519", PASSPHRASE),
        ("rsa3072", "rsa3072", PASSPHRASE),
        ("rsa3072", "ed25519", ""),
        ("nistp256", "ed25519", ""),
    ] {
        let Some(made) = Made::by_gpg(primary, subkey, passphrase) else {
            return;
        };
        let bench = Bench::new(&made.export("--export-secret-keys", passphrase));
        let before = bench.open().certificate();
        assert_eq!(before.fingerprint().as_str(), made.fingerprint);
        let words = bench.words();
        let file = bench.open();
        let changed = extend(&file, Some(&words), &Which::All, lifetime("3y"), now()).unwrap();
        assert_eq!(changed.after.fingerprint(), before.fingerprint());
        bench.write(&changed);
        let secret = fs::read(bench.folder.path().join("gpg.key.asc")).unwrap();
        let keys = listed(&secret, &changed.after.to_armored()).unwrap();
        let there = |kind: &str| (kind.to_owned(), "+".to_owned(), end.clone());
        assert_eq!(keys, [there("sec"), there("ssb")], "{primary} {subkey}");
        // The home it came from takes the certificate over as an update.
        made.home.import(&changed.after.to_armored());
        let mut command = made.home.command();
        command.args(["--with-colons", "--list-keys"]);
        let text = run(&mut command).expect_ok().text;
        assert!(text.contains(&end), "{text}");
    }
}

#[test]
fn a_key_without_its_primary_is_read_and_not_changed() {
    let Some(made) = Made::by_gpg("ed25519", "ed25519", "") else {
        return;
    };
    let bench = Bench::new(&made.export("--export-secret-subkeys", ""));
    let file = bench.open();
    let parts = file.key().parts();
    let there: Vec<_> = parts.iter().map(|part| part.form.is_there()).collect();
    assert_eq!(there, [false, true]);
    let refused = extend(&file, None, &Which::All, lifetime("3y"), now()).unwrap_err();
    assert!(
        refused.to_string().contains("primary key is not here"),
        "{refused}"
    );
    // Its passphrase can be set, and gpg still knows what the stub is.
    let words = bench.words();
    let changed = protect(&file, None, Some(&words), now()).unwrap();
    bench.write(&changed);
    let secret = fs::read(bench.folder.path().join("gpg.key.asc")).unwrap();
    let keys = listed(&secret, &changed.after.to_armored()).unwrap();
    let tokens: Vec<_> = keys.iter().map(|(_, token, _)| token.as_str()).collect();
    assert_eq!(tokens, ["#", "+"]);
}

#[test]
fn gpg_signs_with_what_we_changed() {
    let Some(made) = Made::by_gpg("rsa3072", "ed25519", PASSPHRASE) else {
        return;
    };
    let bench = Bench::new(&made.export("--export-secret-keys", PASSPHRASE));
    let words = bench.words();
    let request = SubkeyRequest {
        algorithm: None,
        expires: lifetime("90y"),
    };
    let refused = replace_subkey(
        &bench.open(),
        Some(&words),
        &request,
        None,
        Replaced::Keep,
        now(),
    );
    assert!(refused.is_err(), "beyond 2106");
    let request = SubkeyRequest {
        expires: lifetime("70y"),
        ..request
    };
    let all = extend(
        &bench.open(),
        Some(&words),
        &Which::All,
        lifetime("75y"),
        now(),
    );
    bench.write(&all.unwrap());
    let at = "2025-06-02T00:00:00Z".parse().unwrap();
    let changed = replace_subkey(
        &bench.open(),
        Some(&words),
        &request,
        None,
        Replaced::Revoke,
        at,
    )
    .unwrap();
    bench.write(&changed);
    let offline = bench.folder.path().join("offline.key.asc");
    split(&bench.open(), &offline, &Destination::Beside, at).unwrap();

    let home = gnupg::Home::new(&[]).unwrap();
    home.import(&fs::read(bench.folder.path().join("gpg.key.asc")).unwrap());
    let input = bench.put("data", b"data");
    let output = bench.folder.path().join("data.sig");
    let mut command = home.command();
    command
        .args([
            "--faked-system-time",
            "20250603T000000",
            "--detach-sign",
            "--output",
        ])
        .arg(&output)
        .arg(input);
    let signed = run(&mut command).expect_ok();
    assert!(signed.says("SIG_CREATED"), "{signed}");
    let signature = fs::read(output).unwrap();
    let binary = changed.after.to_binary();
    let later = "2025-06-04T00:00:00Z".parse().unwrap();
    if let Some(run) = gnupg::gpgv_at(later, &binary, &signature, Some(b"data")) {
        assert!(run.expect_ok().says("GOODSIG"));
    }
    if let Some(run) = sequoia::sqv(&binary, &signature, b"data") {
        run.expect_ok();
    }
}
