//! A Web Key Directory as gpg sees it.

use std::path::Path;

use super::{Run, have, run, scratch};

/// `gpg --locate-keys ADDRESS` by `auto-key-locate wkd`, over HTTPS, from the tree in a
/// folder as `openpgpkey.DOMAIN` serves it (the direct method needs a name server besides); then what is in gpg's keyring (`--with-colons`) and what the server was asked for.
///
/// It runs in a network and with hosts of its own, where nobody else is reached. Where that
/// is not allowed (it takes root), or openssl, python3, ip or dirmngr is missing, `None`.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn locate(tree: &Path, address: &str) -> Option<Run> {
    let unshare = have("unshare")?;
    for peer in ["gpg", "dirmngr", "openssl", "python3", "ip"] {
        have(peer)?;
    }
    let allowed = run(unshare.command().args(["--mount", "--net", "true"]));
    if !allowed.accepted() {
        println!("SKIP: no namespace of our own: {allowed}");
        return None;
    }
    let folder = scratch();
    copy(tree, &folder.path().join("www"));
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
    let script = include_str!("wkd.sh");
    Some(run(unshare.command().current_dir(folder.path()).args([
        "--mount", "--net", "sh", "-c", script, "wkd", address,
    ])))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
