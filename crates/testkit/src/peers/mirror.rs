//! debmirror and debootstrap: clients of a whole suite.

use std::path::Path;

use super::{Run, have, put, root_command, run, scratch};

/// `debmirror` of the suite `stable` (amd64 with sources, component `main`) from an HTTP
/// server at `host` (`127.0.0.1:PORT`) into `to`, trusting this keyring.
///
/// debmirror takes `--keyring` beside the caller's own, hence a home without any.
pub fn debmirror(host: &str, keyring: &[u8], options: &[&str], to: &Path) -> Option<Run> {
    let debmirror = have("debmirror")?;
    let home = scratch();
    let keyring = put(home.path(), "keyring.gpg", keyring);
    let mut command = debmirror.command();
    command
        .env("HOME", home.path())
        .env("GNUPGHOME", home.path())
        .args(["--method=http", "--root=/", "--dist=stable"])
        .arg(format!("--host={host}"))
        .args(["--section=main", "--arch=amd64", "--rsync-extra=none"])
        .args(["--check-gpg", "--diff=none", "--verbose", "--keyring"])
        .arg(keyring)
        .args(options)
        .arg(to);
    Some(run(&mut command))
}

/// `debootstrap --variant=minbase` of the suite `stable` (amd64) from a `http:` or `file:`
/// URL into `to`, trusting this keyring. Give it `--print-debs` or `--download-only`.
pub fn debootstrap(url: &str, keyring: &[u8], options: &[&str], to: &Path) -> Option<Run> {
    let debootstrap = have("debootstrap")?;
    let home = scratch();
    let keyring = put(home.path(), "keyring.gpg", keyring);
    let mut command = root_command(debootstrap.path());
    command
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .args(["--variant=minbase", "--arch=amd64", "--force-check-gpg"])
        .arg(format!("--keyring={}", keyring.display()))
        .args(options)
        .arg("stable")
        .arg(to)
        .arg(url)
        .arg("sid");
    Some(run(&mut command))
}
