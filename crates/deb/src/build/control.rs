//! What control.tar holds.

use std::fmt::Write as _;

use pkgseal_repo::{DigestAlgorithm, hex};

use super::Build;

/// Fields that [`Build`] writes itself.
pub(super) const OWN: [&str; 6] = [
    "Package",
    "Version",
    "Architecture",
    "Maintainer",
    "Installed-Size",
    "Description",
];

impl Build {
    /// `conffiles` where there are any, `control`, `md5sums`.
    pub(super) fn control_files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut conffiles = String::new();
        let mut sums = String::new();
        for (path, file) in &self.files {
            if file.conffile {
                let _ = writeln!(conffiles, "/{path}");
                // dpkg keeps the sums of conffiles itself.
                continue;
            }
            let sum = hex::encode(&DigestAlgorithm::Md5.digest(&file.content));
            let _ = writeln!(sums, "{sum}  {path}");
        }
        let mut files = Vec::new();
        if !conffiles.is_empty() {
            files.push(("conffiles", conffiles.into_bytes()));
        }
        files.push(("control", self.control_text().into_bytes()));
        if !sums.is_empty() {
            files.push(("md5sums", sums.into_bytes()));
        }
        files
    }

    /// The control file (deb-control(5)), fields in the order of dpkg.
    fn control_text(&self) -> String {
        let mut text = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: {}\nInstalled-Size: {}\n",
            self.name,
            self.version,
            self.architecture,
            self.maintainer,
            self.installed_size()
        );
        for (name, value) in &self.fields {
            let _ = writeln!(text, "{name}: {value}");
        }
        let _ = writeln!(text, "Description: {}", self.synopsis);
        for line in self.description.lines() {
            let line = line.trim_end();
            let _ = writeln!(text, " {}", if line.is_empty() { "." } else { line });
        }
        text
    }

    /// KiB, as dpkg-gencontrol counts: a file rounded up, and one for each directory.
    fn installed_size(&self) -> usize {
        let files: usize = self
            .files
            .values()
            .map(|file| file.content.len().div_ceil(1024))
            .sum();
        let directories: std::collections::BTreeSet<&str> = self
            .files
            .keys()
            .flat_map(|path| {
                let text = path.as_str();
                text.match_indices('/').filter_map(|(at, _)| text.get(..at))
            })
            .collect();
        files.saturating_add(directories.len())
    }
}
