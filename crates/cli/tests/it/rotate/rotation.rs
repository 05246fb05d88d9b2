//! A rotation in the making: repositories, keys and a plan in one folder.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_keyring::lifecycle::{KeyFile, SubkeyRequest, add_subkey};
use pkgseal_repo::{Destination, Lifetime};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys;

use crate::run::{Call, Run, pkgseal, private_key};

/// Long enough for everybody.
pub(crate) const WINDOW: &[&str] = &["--window", "90d", "--settle", "14d"];

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

    /// A plan with the usual window.
    pub(crate) fn planned(&self, options: &[&str], paths: &[&Path]) -> Run {
        self.plan(&[WINDOW, options].concat(), paths).expect(0)
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

    /// Every package of a yum repository, signed by the new key in place of the old.
    pub(crate) fn sign_packages(&self, root: &Path, time: &str) -> Run {
        pkgseal(["yum", "sign", "--packages", "all"])
            .args(["--existing", "replace", "--time", time, "--key"])
            .arg(self.key(self.new))
            .arg(root)
            .run()
    }

    /// The last two steps, once the window is over.
    pub(crate) fn to_the_end(&self) {
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

/// Refused with 1, and with these words.
#[track_caller]
pub(crate) fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    for word in words {
        run.prints(word);
    }
}
