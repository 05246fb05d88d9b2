//! Key files that pkgseal reads and apt does not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::file::contains;
use super::{Collector, Form};
use crate::codes;

impl Collector {
    /// What apt would make of a key file, by its name, form, line ends and mode.
    pub(super) fn apt_traps(&mut self, path: &Path, bytes: &[u8], form: Form) {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        match (extension, form) {
            ("gpg", Form::Armored) => {
                self.warn(
                    codes::APT,
                    path,
                    "armored, but named .gpg: apt reads that as binary and finds no key",
                )
                .hint = Some("rename it to .asc, or run it through `gpg --dearmor`".to_owned());
            }
            ("asc", Form::Binary) => {
                self.warn(
                    codes::APT,
                    path,
                    "binary, but named .asc: apt reads that as armor and finds no key",
                )
                .hint = Some("rename it to .gpg".to_owned());
            }
            ("asc", Form::Armored) if contains(bytes, b"-----\r\n") => {
                self.warn(
                    codes::APT,
                    path,
                    "CRLF line ends: apt finds no key in the armor",
                )
                .hint = Some("run `dos2unix` on it".to_owned());
            }
            _ => {}
        }
        if in_trusted_parts(path) {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            let plain = |c: char| c.is_ascii_alphanumeric() || "_:.-".contains(c);
            if !matches!(extension, "gpg" | "asc") || !name.chars().all(plain) {
                self.warn(
                    codes::APT,
                    path,
                    "apt skips a file of this name in trusted.gpg.d: letters, digits and _:.- only, ending in .gpg or .asc",
                );
            }
        }
        let private = std::fs::metadata(path)
            .is_ok_and(|metadata| metadata.permissions().mode() & 0o004 == 0);
        if private && matches!(extension, "gpg" | "asc") {
            self.warn(
                codes::APT,
                path,
                "not readable by everyone: apt reads keys as the user _apt",
            )
            .hint = Some("run `chmod a+r` on it".to_owned());
        }
    }
}

fn in_trusted_parts(path: &Path) -> bool {
    path.parent()
        .and_then(Path::file_name)
        .is_some_and(|name| name == "trusted.gpg.d")
}
