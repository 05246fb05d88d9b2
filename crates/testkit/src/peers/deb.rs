//! dpkg-deb, debsigs, debsig-verify, apt-ftparchive.

use std::path::Path;

use super::trixie::Room;
use super::{Run, gnupg, have, put, run, scratch};
use crate::keys::TestKey;

/// `dpkg-deb --info` and `--contents`: whether dpkg can read the package at all.
pub fn dpkg_deb_reads(deb: &Path) -> Option<Run> {
    let dpkg_deb = have("dpkg-deb")?;
    let info = dpkg_deb.run([Path::new("--info"), deb]);
    if !info.accepted() {
        return Some(info);
    }
    Some(dpkg_deb.run([Path::new("--contents"), deb]))
}

/// `debsigs --sign=TYPE` in place, with the key imported into a private home.
///
/// debsigs 0.1.26 signs RSA keys with SHA-1, and only `debian-binary` of packages whose
/// members are zst: use gz or xz and an Ed25519 key.
pub fn debsigs(deb: &Path, kind: &str, key: &TestKey) -> Option<Run> {
    let debsigs = have("debsigs")?;
    let home = gnupg::Home::new(&[key])?;
    Some(run(debsigs
        .command()
        .env("GNUPGHOME", home.path())
        .arg(format!("--sign={kind}"))
        .arg(format!("--default-key={}", key.signing_fingerprint()))
        .arg(deb)))
}

/// `debsig-verify` with a policy that requires one signature of each `kind` by `key`.
///
/// It looks policies up by the fingerprint (or the key ID) that the `origin` signature
/// names as its issuer. Before 0.30 it finds primary keys only: a signature by a subkey
/// is "no applicable policy" (12), so ask it about keys that sign with their primary
/// (`primary-signs`, `primary-signs-rsa3072`). Exit 0 ok, 10 no signature, 11 unknown
/// origin, 12 no policy, 13 bad.
pub fn debsig_verify(deb: &Path, kinds: &[&str], key: &TestKey) -> Option<Run> {
    let keys = [key.fingerprint(), key.signing_fingerprint()];
    debsig_verify_by(deb, kinds, &key.certificate_binary(), &keys)
}

/// As [`debsig_verify`], for signatures by one of the `keys` (full fingerprints) in
/// `keyring`.
pub fn debsig_verify_by(
    deb: &Path,
    kinds: &[&str],
    keyring: &[u8],
    keys: &[String],
) -> Option<Run> {
    let debsig_verify = have("debsig-verify")?;
    let home = gnupg::Home::new(&[])?;
    let folder = scratch();
    policies(folder.path(), kinds, keyring, keys);
    Some(run(debsig_verify
        .command()
        .env("GNUPGHOME", home.path())
        .arg("--debug")
        .arg("--policies-dir")
        .arg(folder.path().join("policies"))
        .arg("--keyrings-dir")
        .arg(folder.path().join("keyrings"))
        .arg(deb)))
}

/// As [`debsig_verify_by`], by Debian 13's.
pub fn debsig_verify_in(
    room: &Room,
    deb: &[u8],
    kinds: &[&str],
    keyring: &[u8],
    keys: &[String],
) -> Run {
    policies(room.outside(), kinds, keyring, keys);
    room.put("package.deb", deb);
    let script = "mkdir -p -m 700 .gnupg && debsig-verify --debug \
         --policies-dir $PWD/policies --keyrings-dir $PWD/keyrings package.deb";
    room.run("sh", ["-c", script])
}

/// Writes a policy and a keyring for each of the keys, by fingerprint and by key ID.
fn policies(folder: &Path, kinds: &[&str], keyring: &[u8], keys: &[String]) {
    for fingerprint in keys {
        for id in [fingerprint.as_str(), &fingerprint[fingerprint.len() - 16..]] {
            let rules: String = kinds
                .iter()
                .map(|kind| {
                    format!("    <Required Type=\"{kind}\" File=\"test.gpg\" id=\"{id}\"/>\n")
                })
                .collect();
            let policy = format!(
                "<?xml version=\"1.0\"?>\n\
                 <!DOCTYPE Policy SYSTEM \"https://www.debian.org/debsig/1.0/policy.dtd\">\n\
                 <Policy xmlns=\"https://www.debian.org/debsig/1.0/\">\n  \
                 <Origin Name=\"TEST\" id=\"{id}\" Description=\"test\"/>\n  \
                 <Selection>\n{rules}  </Selection>\n  \
                 <Verification MinOptional=\"0\">\n{rules}  </Verification>\n</Policy>\n"
            );
            put(folder, &format!("policies/{id}/test.pol"), policy);
            put(folder, &format!("keyrings/{id}/test.gpg"), keyring);
        }
    }
}

/// `apt-ftparchive` run inside `folder`.
pub fn apt_ftparchive(folder: &Path, arguments: &[&str]) -> Option<Run> {
    let program = have("apt-ftparchive")?;
    Some(run(program.command().current_dir(folder).args(arguments)))
}
