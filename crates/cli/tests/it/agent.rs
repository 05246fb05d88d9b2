//! Keys that gpg-agent keeps: everything is signed with them, each by a peer's verdict, and
//! whatever keeps the agent from signing is said.

mod killed;
mod refusals;
mod relay;

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys::{self, TestKey};
use pkgseal_testkit::peers::trixie::{self, Room};
use pkgseal_testkit::peers::{self, deb, devscripts, gnupg, rpm};

use crate::run::{Call, find, pkgseal, repository};

const TIME: &str = keys::SIGNED;

/// A GnuPG home with an agent, and a place to work in.
pub(crate) struct Shop {
    pub(crate) home: gnupg::Home,
    pub(crate) folder: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn new(keys: &[&TestKey]) -> Option<Self> {
        Some(Self {
            home: gnupg::Home::new(keys)?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// Has the agent start anew with this configuration.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.home.path().join("gpg-agent.conf"), text).unwrap();
        self.kill();
    }

    pub(crate) fn kill(&self) {
        self.gpgconf(&["--kill", "gpg-agent"]);
    }

    pub(crate) fn gpgconf(&self, arguments: &[&str]) -> String {
        let Some(gpgconf) = peers::have("gpgconf") else {
            return String::new();
        };
        let mut command = gpgconf.command();
        command
            .arg("--homedir")
            .arg(self.home.path())
            .args(arguments);
        peers::run(&mut command).text
    }

    /// Where the agent listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.gpgconf(&["--list-dirs", "agent-socket"]).trim().into()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A file for nobody else, as passphrases need.
    pub(crate) fn secret(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.put(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// `pkgseal COMMAND --key gpg-agent:…` with the agent of this home.
    pub(crate) fn call(&self, command: &str, key: &TestKey) -> Call {
        pkgseal(command.split(' '))
            .env("GNUPGHOME", self.home.path())
            .env("GPG_TTY", "")
            .env("PINENTRY_PROGRAM", "/nonexistent/pinentry")
            .args(["--time", TIME, "--key"])
            .arg(format!("gpg-agent:{}", key.fingerprint()))
    }
}

fn gpgv(key: &TestKey, signature: &Path, data: Option<&Path>) {
    let data = data.map(|path| fs::read(path).unwrap());
    let signature = fs::read(signature).unwrap();
    let run = gnupg::gpgv_at(
        keys::time(TIME),
        &key.certificate_binary(),
        &signature,
        data.as_deref(),
    );
    if let Some(run) = run {
        assert!(run.text.contains("GOODSIG"), "{}: {}", key.name(), run.text);
    }
}

/// `name.asc` beside `name`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".asc");
    name.into()
}

#[test]
fn every_kind_of_key_signs() {
    for name in [
        "good-ed25519",
        "good-rsa2048",
        "good-rsa4096",
        "good-p256",
        "good-p384",
        "good-p521",
        "good-brainpool-p256",
        "primary-signs",
    ] {
        let key = keys::load(name);
        let Some(shop) = Shop::new(&[&key]) else {
            return;
        };
        let file = shop.put("notes.txt", "notes\n");
        let release = shop.path("Release");
        fs::copy(repository("testdata/apt/dists/stable/Release"), &release).unwrap();
        let run = shop
            .call("sign", &key)
            .arg(&file)
            .arg(&release)
            .run()
            .expect(0);
        assert_eq!(run.stderr, "", "{name}");
        gpgv(&key, &beside(&file), Some(&file));
        gpgv(&key, &shop.path("InRelease"), None);
        gpgv(&key, &shop.path("Release.gpg"), Some(&release));
    }
}

#[test]
fn every_kind_of_object_is_signed() {
    for name in ["primary-signs", "primary-signs-rsa3072"] {
        let key = keys::load(name);
        let Some(shop) = Shop::new(&[&key]) else {
            return;
        };

        let package = shop.path("hello.deb");
        fs::copy(find(&repository("testdata/apt/pool"), ".deb"), &package).unwrap();
        shop.call("sign", &key).arg(&package).run().expect(0);
        if let Some(run) = deb::debsig_verify(&package, &["origin"], &key) {
            assert_eq!(run.status, 0, "{name}: {}", run.text);
        }

        // rpm 4.18 knows no other signatures than those of version 4 packages.
        let built = Rpm::new("hello", "1.0", "noarch", Format::V4).build();
        let package = shop.put("yum/hello.rpm", built);
        shop.call("sign", &key).arg(&package).run().expect(0);
        if let Some(run) = rpm::check(&package, &[&key]) {
            assert_eq!(run.status, 0, "{name}: {}", run.text);
        }

        shop.call("yum index", &key)
            .arg(shop.path("yum"))
            .run()
            .expect(0);
        let repomd = shop.path("yum/repodata/repomd.xml");
        gpgv(&key, &beside(&repomd), Some(&repomd));

        let upload = shop.path("upload");
        fs::create_dir(&upload).unwrap();
        for (file, content) in Upload::new().unsigned() {
            fs::write(upload.join(file), content).unwrap();
        }
        let changes = find(&upload, ".changes");
        shop.call("sign", &key).arg(&changes).run().expect(0);
        for document in [
            changes.clone(),
            find(&upload, ".dsc"),
            find(&upload, ".buildinfo"),
        ] {
            gpgv(&key, &document, None);
        }
        if let Some(run) = devscripts::dscverify(&changes, &key.certificate_binary()) {
            assert_eq!(run.status, 0, "{name}: {}", run.text);
        }

        let staging = shop.path("staging");
        for (file, content) in maven::Artifact::new("org.example", "lib", "1.0").files() {
            put(&staging, &file, content);
        }
        shop.call("maven sign", &key).arg(&staging).run().expect(0);
        for ending in [".jar", ".pom"] {
            let file = find(&staging, ending);
            gpgv(&key, &beside(&file), Some(&file));
        }
    }
}

#[test]
fn a_subkey_is_picked_by_its_own_fingerprint() {
    let key = keys::load("good");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let file = shop.put("notes.txt", "notes\n");
    pkgseal(["sign", "--time", TIME, "--key"])
        .env("GNUPGHOME", shop.home.path())
        .arg(format!("gpg-agent:{}", key.signing_fingerprint()))
        .arg(&file)
        .run()
        .expect(0);
    gpgv(&key, &beside(&file), Some(&file));
}

/// The agent gives the passphrase of ours to nobody, and its own pinentry is asked else.
#[test]
fn a_protected_key_is_unlocked() {
    let key = keys::load("protected");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    shop.configure("pinentry-program /bin/false\n");
    let file = shop.put("notes.txt", "notes\n");
    let passphrase = shop.secret("passphrase", &format!("{}\n", keys::PASSPHRASE));
    shop.call("sign", &key)
        .arg("--passphrase-file")
        .arg(&passphrase)
        .arg(&file)
        .run()
        .expect(0);
    gpgv(&key, &beside(&file), Some(&file));

    // Its own pinentry: asked once, for any number of signatures.
    let pinentry = crate::pinentry::Fake::new(&shop.folder, keys::PASSPHRASE);
    shop.configure(&format!("pinentry-program {}\n", pinentry.path().display()));
    let files: Vec<PathBuf> = (0..5)
        .map(|number| shop.put(&format!("many/{number}"), "notes\n"))
        .collect();
    shop.call("sign", &key).args(&files).run().expect(0);
    for file in &files {
        gpgv(&key, &beside(file), Some(file));
    }
    let asked = pinentry.heard();
    assert_eq!(asked.matches("GETPIN").count(), 1, "{asked}");
    assert!(asked.contains("pkgseal"), "{asked}");
}

#[test]
fn many_threads_share_the_agent() {
    let key = keys::load("good-rsa2048");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let files: Vec<PathBuf> = (0..200)
        .map(|number| shop.put(&format!("many/{number}"), format!("{number}\n")))
        .collect();
    shop.call("sign", &key)
        .args(["--jobs", "32"])
        .args(&files)
        .run()
        .expect(0);
    let verified = pkgseal(["verify", "--time", TIME, "--keyring"])
        .arg(key.certificate_path())
        .args(&files)
        .run();
    verified.expect(0);
    gpgv(&key, &beside(&files[0]), Some(&files[0]));
}

/// The certificate from a file, where gpg does not know it; and an agent that is reached
/// through another socket, as one forwarded by ssh is.
#[test]
fn a_forwarded_agent_signs() {
    let key = keys::load("good");
    let Some(far) = Shop::new(&[&key]) else {
        return;
    };
    let extra = far.gpgconf(&["--list-dirs", "agent-extra-socket"]);
    let Some(near) = Shop::new(&[]) else {
        return;
    };
    near.kill();
    let socket = near.socket();
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&socket);
    fs::write(&socket, format!("%Assuan%\nsocket={}\n", extra.trim())).unwrap();
    let file = near.put("notes.txt", "notes\n");
    let run = near.call("sign", &key).arg(&file).run().expect(2);
    run.complains("neither given nor known to gpg");
    run.complains("--certificate FILE");
    near.call("sign", &key)
        .arg("--certificate")
        .arg(key.certificate_path())
        .arg(&file)
        .run()
        .expect(0);
    gpgv(&key, &beside(&file), Some(&file));
    fs::remove_file(&socket).unwrap();
}

/// The agent of GnuPG 2.4, which keeps keys in a form of its own.
#[test]
fn the_agent_of_trixie_signs() {
    use std::os::unix::fs::DirBuilderExt as _;
    let Some(room) = Room::new() else {
        return;
    };
    let home = room.outside().join("home");
    fs::DirBuilder::new().mode(0o700).create(&home).unwrap();
    let inside = room.path_inside(&home);
    let run = |program: &str, arguments: &[&str]| {
        let mut command = room.command(program);
        command.arg("--homedir").arg(&inside).args(arguments);
        peers::run(&mut command).expect_ok()
    };
    let Some(near) = Shop::new(&[]) else {
        return;
    };
    near.kill();
    let socket = near.socket();
    let _ = fs::remove_file(&socket);
    let far = run("gpgconf", &["--list-dirs", "agent-socket"]).text;
    let far = trixie::root()
        .unwrap()
        .join(far.trim().trim_start_matches('/'));
    fs::write(&socket, format!("%Assuan%\nsocket={}\n", far.display())).unwrap();
    for name in [
        "good-ed25519",
        "good-rsa2048",
        "good-brainpool-p256",
        "protected",
    ] {
        let key = keys::load(name);
        let file = room.put("key", key.secret());
        let mut import = vec!["--batch", "--pinentry-mode=loopback", "--passphrase"];
        import.extend([keys::PASSPHRASE, "--import", file.to_str().unwrap()]);
        run("gpg", &import);
        let file = near.put(name, "notes\n");
        let passphrase = near.secret("passphrase", keys::PASSPHRASE);
        near.call("sign", &key)
            .arg("--certificate")
            .arg(key.certificate_path())
            .arg("--passphrase-file")
            .arg(&passphrase)
            .arg(&file)
            .run()
            .expect(0);
        gpgv(&key, &beside(&file), Some(&file));
    }
    run("gpgconf", &["--kill", "all"]);
    fs::remove_file(&socket).unwrap();
}

/// Where nobody listens, the agent is started as gpg does.
#[test]
fn the_agent_is_started_when_it_is_needed() {
    let key = keys::load("good");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    shop.kill();
    let file = shop.put("notes.txt", "notes\n");
    shop.call("sign", &key).arg(&file).run().expect(0);
    gpgv(&key, &beside(&file), Some(&file));
}
