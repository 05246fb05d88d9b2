//! SHA-1 on user IDs of more than 96 bytes: there is room for a collision in them, and
//! Sequoia stopped counting it years before it did on shorter ones.

use std::fs;
use std::path::Path;

use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, gnupg, trixie};

use crate::run::pkgseal;

const DATA: &[u8] = b"data\n";

/// A certificate of 2012 with a user ID of so many bytes and SHA-1 on it, and a signature
/// that it makes at a time.
struct Made {
    home: gnupg::Home,
    certificate: Vec<u8>,
}

impl Made {
    fn with(bytes: usize) -> Option<Self> {
        let home = gnupg::Home::new(&[])?;
        let address = " <test@test.invalid>";
        let user_id = format!("{}{address}", "a".repeat(bytes - address.len()));
        assert_eq!(user_id.len(), bytes);
        let gpg = |arguments: &[&str]| {
            let run = home.command().args(arguments).output().unwrap();
            assert!(run.status.success(), "{arguments:?} {run:?}");
            run.stdout
        };
        gpg(&[
            "--faked-system-time",
            "20120101T000000!",
            "--cert-digest-algo",
            "SHA1",
            "--quick-gen-key",
            &user_id,
            "rsa3072",
            "cert,sign",
            "never",
        ]);
        gpg(&[
            "--output",
            &home.path().join("certificate").display().to_string(),
            "--export",
        ]);
        let certificate = fs::read(home.path().join("certificate")).unwrap();
        Some(Self { home, certificate })
    }

    fn signature(&self, year: u32) -> Vec<u8> {
        let data = self.home.path().join("data");
        fs::write(&data, DATA).unwrap();
        let signature = self.home.path().join("data.sig");
        let run = self
            .home
            .command()
            .args(["--digest-algo", "SHA512", "--faked-system-time"])
            .arg(format!("{year}0601T000000!"))
            .arg("--output")
            .arg(&signature)
            .arg("--detach-sign")
            .arg(&data)
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        fs::read(signature).unwrap()
    }

    /// Whether `keyring audit` says that what it signs then counts.
    fn counts(&self, client: &str, year: u32) -> bool {
        let file = self.home.path().join("certificate.gpg");
        fs::write(&file, &self.certificate).unwrap();
        let run = pkgseal(["keyring", "audit", "--client", client, "--json"])
            .args(["--time", &format!("{year}-06-02")])
            .arg(&file)
            .run();
        let read: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let judged = &read["certificates"][0]["clients"][0];
        assert_eq!(judged["client"], client, "{}", run.stdout);
        judged["answer"] != "rejects"
    }

    /// bookworm's sqv with its clock there.
    fn by_sqv(&self, year: u32) -> Option<bool> {
        let sqv = peers::have("sqv")?.at(keys::time(&format!("{year}-06-02T00:00:00Z")))?;
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let run = sqv
            .command()
            .arg("--keyring")
            .arg(put("keyring.pgp", &self.certificate))
            .arg(put("data.sig", &self.signature(year)))
            .arg(put("data", DATA))
            .output()
            .unwrap();
        Some(run.status.success())
    }

    /// trixie's sqv with the policy that apt gives it.
    fn by_apt(&self, room: &trixie::Room, year: u32) -> bool {
        let keyring = room.put("keyring.pgp", &self.certificate);
        let signature = room.put("data.sig", self.signature(year));
        let data = room.put("data", DATA);
        let day = format!("{year}-06-02");
        let policy = "SEQUOIA_CRYPTO_POLICY=/usr/share/apt/default-sequoia.config";
        let arguments: [&Path; 8] = [
            Path::new(policy),
            Path::new("sqv"),
            Path::new("--policy-as-of"),
            Path::new(&day),
            Path::new("--keyring"),
            &keyring,
            &signature,
            &data,
        ];
        room.run("env", arguments).accepted()
    }
}

#[test]
fn sqv_counts_sha1_on_them_no_longer_than_the_models_say() {
    let room = trixie::Room::new();
    for bytes in [96, 97] {
        let Some(made) = Made::with(bytes) else {
            return;
        };
        for year in [2012, 2014, 2022, 2024] {
            let expected = year < 2013 || (bytes == 96 && year < 2023);
            assert_eq!(made.counts("sequoia", year), expected, "{bytes} {year}");
            if let Some(real) = made.by_sqv(year) {
                assert_eq!(real, expected, "sqv: {bytes} {year}");
            }
        }
        for year in [2012, 2025, 2027] {
            let expected = year < 2013 || (bytes == 96 && year < 2026);
            assert_eq!(made.counts("trixie", year), expected, "{bytes} {year}");
            if let Some(room) = &room {
                assert_eq!(made.by_apt(room, year), expected, "apt: {bytes} {year}");
            }
        }
    }
}
