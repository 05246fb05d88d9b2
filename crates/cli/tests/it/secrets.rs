//! Law 6, the test that looks: no secret on a command line, in an environment, in what is
//! printed, in a file, in a core or left in memory.
//!
//! Each source of secrets is used once for good and once for bad, under strace, which sees
//! the arguments and environment of every process that is started and every octet that is
//! written to a file.

mod held;
mod needles;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, gnupg, strace};

use crate::pinentry::Fake;
use crate::run::find;
use needles::Needles;

/// Nothing else looks like it.
pub(crate) const PASSPHRASE: &str = "tell-nobody:7f3a%Quokka+Zeppelin";
const WRONG: &str = "tell-nobody:9c1d%Walrus+Zeppelin";

/// A key protected by the passphrase, one that is open, and what to look for.
pub(crate) struct Vault {
    folder: tempfile::TempDir,
    pub(crate) protected: PathBuf,
    pub(crate) open: PathBuf,
    pub(crate) needles: Needles,
}

impl Vault {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = |name: &str, content: &str| secret(&folder.path().join(name), content);
        let passphrase = secret("passphrase", PASSPHRASE);
        secret("wrong", WRONG);
        let made = |algorithm: &str, protected: bool| -> PathBuf {
            let output = folder.path().join(algorithm);
            let mut call = crate::run::pkgseal(["key", "generate", "--algorithm", algorithm])
                .args([
                    "--user-id",
                    "Test <test@example.org>",
                    "--time",
                    keys::SIGNED,
                ])
                .arg("--output")
                .arg(&output);
            if protected {
                call = call.arg("--passphrase-file").arg(&passphrase);
            }
            call.run().expect(0);
            find(&output, ".key.asc")
        };
        let (protected, open) = (made("rsa3072", true), made("ed25519", false));
        let mut needles = Needles::new();
        needles.words("passphrase", PASSPHRASE);
        needles.words("wrong passphrase", WRONG);
        for (path, passphrase) in [(&protected, PASSPHRASE), (&open, "")] {
            for number in keys::secret_numbers(&fs::read(path).unwrap(), passphrase) {
                needles.octets("secret number", &number);
            }
        }
        Self {
            folder,
            protected,
            open,
            needles,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn secret(path: &Path, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// One use of one source.
struct Use<'a> {
    name: &'a str,
    arguments: Vec<String>,
    environment: Vec<(&'a str, String)>,
    /// Shell redirections.
    redirect: String,
    status: i32,
}

/// Runs it under strace in a folder of its own, and looks everywhere.
fn look(vault: &Vault, usage: &Use<'_>) {
    let Some(strace) = strace::strace() else {
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    fs::write(work.path().join("notes.txt"), "notes\n").unwrap();
    let mut command = strace.command();
    command
        .args(["-f", "-v", "-xx", "-y", "-s", "1000000", "-e"])
        .arg("trace=execve,write,pwrite64,writev,rename,renameat2,linkat,openat,mkdir")
        .arg("-o")
        .arg(log.path())
        .args(["sh", "-c", &format!("exec \"$@\" {}", usage.redirect), "sh"])
        .arg(env!("CARGO_BIN_EXE_pkgseal"))
        .args(&usage.arguments)
        .current_dir(work.path())
        .env("TMPDIR", work.path())
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env_remove("PKGSEAL_KEYRING")
        .stdin(Stdio::null());
    for (name, value) in &usage.environment {
        command.env(name, value);
    }
    let run = peers::run(&mut command);
    assert_eq!(run.status, usage.status, "{}: {}", usage.name, run.text);
    vault
        .needles
        .absent(usage.name, "its output", run.text.as_bytes());
    for path in peers::files(work.path()) {
        let shown = path.display().to_string();
        vault
            .needles
            .absent(usage.name, "a file's name", shown.as_bytes());
        vault
            .needles
            .absent(usage.name, &shown, &fs::read(&path).unwrap());
    }
    let log = String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned();
    let mut seen = (0, 0);
    for line in log.lines() {
        // The variables we were given ourselves are not our doing; children's are.
        let ours = line.contains("execve(") && seen.0 < 2;
        if line.contains("execve(") {
            seen.0 += 1;
        }
        let to_file = line.contains("write") && line.contains("<\\x2f");
        seen.1 += usize::from(to_file);
        let talks = line.contains("write") && !to_file;
        if ours || talks {
            continue;
        }
        vault.needles.absent_from_trace(usage.name, line);
    }
    assert!(seen.0 >= 2, "{}: strace sees what is started", usage.name);
    let verb = usage.arguments.first().map(String::as_str);
    let writes = usage.status == 0 && matches!(verb, Some("sign" | "key" | "maven"));
    assert!(
        !writes || seen.1 > 0,
        "{}: strace sees what is written",
        usage.name
    );
}

fn arguments(text: &str, vault: &Vault) -> Vec<String> {
    let shown = |path: &Path| path.display().to_string();
    text.split(' ')
        .map(|word| {
            word.replace("PROTECTED", &shown(&vault.protected))
                .replace("OPEN", &shown(&vault.open))
                .replace("VAULT", &shown(vault.folder.path()))
        })
        .collect()
}

const SIGN: &str = "sign --time 2025-03-01 --key PROTECTED";

#[test]
fn key_files_and_the_sources_of_their_passphrases() {
    let vault = Vault::new();
    let good = Fake::new(&vault.folder, &PASSPHRASE.replace('%', "%25"));
    let bad = Fake::new(&vault.folder, &WRONG.replace('%', "%25"));
    let credentials = vec![(
        "CREDENTIALS_DIRECTORY",
        vault.path("").display().to_string(),
    )];
    let pinentry = |fake: &Fake| vec![("PINENTRY_PROGRAM", fake.path().display().to_string())];
    let uses = [
        ("file", "--passphrase-file VAULT/passphrase", vec![], "", 0),
        ("wrong file", "--passphrase-file VAULT/wrong", vec![], "", 2),
        (
            "json",
            "--json --passphrase-file VAULT/passphrase",
            vec![],
            "",
            0,
        ),
        (
            "wrong json",
            "--json --passphrase-file VAULT/wrong",
            vec![],
            "",
            2,
        ),
        (
            "descriptor",
            "--passphrase-fd 7",
            vec![],
            "7<VAULT/passphrase",
            0,
        ),
        (
            "wrong descriptor",
            "--passphrase-fd 7",
            vec![],
            "7<VAULT/wrong",
            2,
        ),
        ("no descriptor", "--passphrase-fd 8", vec![], "", 2),
        (
            "credential",
            "--passphrase-credential passphrase",
            credentials.clone(),
            "",
            0,
        ),
        (
            "wrong credential",
            "--passphrase-credential wrong",
            credentials,
            "",
            2,
        ),
        ("pinentry", "--passphrase-pinentry", pinentry(&good), "", 0),
        (
            "wrong pinentry",
            "--passphrase-pinentry",
            pinentry(&bad),
            "",
            2,
        ),
    ];
    for (name, options, environment, redirect, status) in uses {
        let mut all = arguments(&format!("{SIGN} {options}"), &vault);
        all.push("notes.txt".to_owned());
        look(
            &vault,
            &Use {
                name,
                arguments: all,
                environment,
                redirect: arguments(redirect, &vault).join(" "),
                status,
            },
        );
    }
    for fake in [good, bad] {
        vault
            .needles
            .absent("pinentry", "what it is told", fake.heard().as_bytes());
    }
}

#[test]
fn an_open_key_and_runs_that_fail() {
    let vault = Vault::new();
    // Not a key at all, and one that is cut off in the middle of its secret.
    let whole = fs::read(&vault.open).unwrap();
    secret(
        &vault.path("cut"),
        &String::from_utf8_lossy(&whole[..whole.len() / 2]),
    );
    for (name, text, status) in [
        ("open", "sign --time 2025-03-01 --key OPEN notes.txt", 0),
        ("expired", "sign --time 2049-03-01 --key OPEN notes.txt", 2),
        ("cut", "sign --time 2025-03-01 --key VAULT/cut notes.txt", 2),
        ("no input", "sign --time 2025-03-01 --key OPEN none.txt", 2),
        ("secret as keyring", "verify --keyring OPEN notes.txt", 1),
        ("secret listed", "keyring list OPEN", 0),
        (
            "secret as a list",
            "verify --as sums --keyring OPEN OPEN",
            1,
        ),
    ] {
        let all = arguments(text, &vault);
        look(
            &vault,
            &Use {
                name,
                arguments: all,
                environment: Vec::new(),
                redirect: String::new(),
                status,
            },
        );
    }
}

#[test]
fn keys_that_are_made() {
    let vault = Vault::new();
    let typed = Fake::new(&vault.folder, &PASSPHRASE.replace('%', "%25"));
    let generate = "key generate --user-id Test --time 2025-03-01 --output .";
    for (name, options, environment) in [
        ("generate", "--passphrase-file VAULT/passphrase", vec![]),
        (
            "generate json",
            "--json --passphrase-file VAULT/passphrase",
            vec![],
        ),
        (
            "generate pinentry",
            "--passphrase-pinentry",
            vec![("PINENTRY_PROGRAM", typed.path().display().to_string())],
        ),
    ] {
        look(
            &vault,
            &Use {
                name,
                arguments: arguments(&format!("{generate} {options}"), &vault),
                environment,
                redirect: String::new(),
                status: 0,
            },
        );
    }
}

#[test]
fn keys_that_are_changed() {
    let vault = Vault::new();
    let key = vault.path("key");
    let passphrase = "--passphrase-file VAULT/passphrase";
    let wrong = "--passphrase-file VAULT/wrong";
    for (name, command, options, status) in [
        ("extend", "extend --expires 5y", passphrase, 0),
        ("extend, wrong", "extend --expires 5y", wrong, 2),
        ("subkey", "subkey add", passphrase, 0),
        (
            "passphrase",
            "passphrase --new-passphrase-file VAULT/wrong",
            passphrase,
            0,
        ),
        (
            "passphrase, wrong",
            "passphrase --new-passphrase-file VAULT/passphrase",
            wrong,
            2,
        ),
    ] {
        secret(&key, &fs::read_to_string(&vault.protected).unwrap());
        let text = format!("key {command} --time 2025-03-01 {options} VAULT/key");
        look(
            &vault,
            &Use {
                name,
                arguments: arguments(&text, &vault),
                environment: Vec::new(),
                redirect: String::new(),
                status,
            },
        );
        let changed = fs::read(&key).unwrap();
        vault.needles.absent(name, "the key file", &changed);
    }
}

#[test]
fn mavens_variables() {
    let vault = Vault::new();
    let key = fs::read_to_string(&vault.protected).unwrap();
    let open = fs::read_to_string(&vault.open).unwrap();
    let staging = vault.path("staging");
    for (name, key, passphrase, status) in [
        ("variables", &key, PASSPHRASE, 0),
        ("wrong variables", &key, WRONG, 2),
        ("open key", &open, "", 0),
        ("no key", &PASSPHRASE.to_owned(), PASSPHRASE, 2),
    ] {
        let _ = fs::remove_dir_all(&staging);
        for (file, content) in
            pkgseal_testkit::build::maven::Artifact::new("org.example", "lib", "1.0").files()
        {
            pkgseal_testkit::build::put(&staging, &file, content);
        }
        look(
            &vault,
            &Use {
                name,
                arguments: arguments("maven sign --time 2025-03-01 VAULT/staging", &vault),
                environment: vec![
                    ("MAVEN_GPG_KEY", key.clone()),
                    ("MAVEN_GPG_PASSPHRASE", passphrase.to_owned()),
                ],
                redirect: String::new(),
                status,
            },
        );
        for path in peers::files(&staging) {
            let shown = path.display().to_string();
            vault
                .needles
                .absent(name, &shown, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn gpg_agent_and_its_helpers() {
    let vault = Vault::new();
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    let mut import = home.command();
    // The later one counts.
    import
        .args(["--passphrase", PASSPHRASE, "--import"])
        .arg(&vault.protected);
    peers::run(&mut import).expect_ok();
    let agent = |what: &str| {
        let mut command = Command::new("gpgconf");
        command
            .arg("--homedir")
            .arg(home.path())
            .args([what, "gpg-agent"]);
        command.stdout(Stdio::null()).status().unwrap();
    };
    let fingerprint = home_fingerprint(&home);
    let variables = |more: Vec<(&'static str, String)>| {
        let mut all = vec![
            ("GNUPGHOME", home.path().display().to_string()),
            // They are nobody's business here, and children must not inherit them.
            ("MAVEN_GPG_PASSPHRASE", PASSPHRASE.to_owned()),
            ("MAVEN_GPG_KEY", fs::read_to_string(&vault.open).unwrap()),
        ];
        all.extend(more);
        all
    };
    for (name, options, redirect, status) in [
        ("agent", "--passphrase-file VAULT/passphrase", "", 0),
        ("agent, wrong", "--passphrase-file VAULT/wrong", "", 2),
        (
            "agent, descriptor",
            "--passphrase-fd 7",
            "7<VAULT/passphrase",
            0,
        ),
        ("agent, nothing", "--json", "", 2),
    ] {
        // What the agent learned before does not count.
        fs::write(
            home.path().join("gpg-agent.conf"),
            "pinentry-program /bin/false\n",
        )
        .unwrap();
        agent("--kill");
        // strace would wait for one that was started below it.
        agent("--launch");
        let mut all = arguments(
            &format!("sign --time 2025-03-01 --key gpg-agent:{fingerprint} {options}"),
            &vault,
        );
        all.push("notes.txt".to_owned());
        look(
            &vault,
            &Use {
                name,
                arguments: all,
                environment: variables(Vec::new()),
                redirect: arguments(redirect, &vault).join(" "),
                status,
            },
        );
    }
    agent("--kill");
}

fn home_fingerprint(home: &gnupg::Home) -> String {
    let mut list = home.command();
    list.args(["--with-colons", "--list-secret-keys"]);
    let listed = peers::run(&mut list).text;
    let line = listed
        .lines()
        .find(|line| line.starts_with("fpr:"))
        .unwrap();
    line.split(':').nth(9).unwrap().to_owned()
}
