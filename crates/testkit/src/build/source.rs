//! Source packages: a `.dsc` (unsigned) and its tarball.

use super::deb::tar;
use super::{Compression, Digest};

/// A small native source package (`3.0 (native)`).
#[derive(Clone, Debug)]
pub struct Source {
    /// Name of the source, and of its one binary package.
    pub name: String,
    /// Version; native, so without a revision.
    pub version: String,
    /// Digests of the .dsc beside MD5, in order.
    pub digests: Vec<Digest>,
}

impl Source {
    /// A source that lists SHA-1 and SHA-256 as dpkg-source does.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            digests: vec![Digest::Sha1, Digest::Sha256],
        }
    }

    fn stem(&self) -> String {
        let version = self.version.split_once(':').map_or(&*self.version, |v| v.1);
        format!("{}_{version}", self.name)
    }

    /// Name and content of the tarball.
    pub fn tarball(&self) -> (String, Vec<u8>) {
        let folder = format!("{}-{}", self.name, self.version);
        let control = format!(
            "Source: {0}\nSection: misc\nPriority: optional\n\
             Maintainer: pkgseal TEST <test@test.invalid>\nStandards-Version: 4.6.2\n\n\
             Package: {0}\nArchitecture: any\nDescription: test package\n It holds nothing.\n",
            self.name
        );
        let changelog = format!(
            "{} ({}) unstable; urgency=low\n\n  * Test.\n\n \
             -- pkgseal TEST <test@test.invalid>  Sat, 01 Feb 2025 00:00:00 +0000\n",
            self.name, self.version
        );
        let files = [
            ("debian/control", control),
            ("debian/changelog", changelog),
            ("debian/source/format", "3.0 (native)\n".to_owned()),
        ]
        .map(|(path, text)| (format!("{folder}/{path}"), text.into_bytes()));
        (
            format!("{}.tar.xz", self.stem()),
            Compression::Xz.compress(&tar(&files)),
        )
    }

    /// Name and text of the .dsc, unsigned.
    pub fn dsc(&self) -> (String, String) {
        let (name, content) = self.tarball();
        let listed = |digest: Digest| {
            let hex = digest.hex(&content);
            format!("\n {hex} {} {name}\n", content.len())
        };
        let mut text = format!(
            "Format: 3.0 (native)\nSource: {0}\nBinary: {0}\nArchitecture: any\nVersion: {1}\n\
             Maintainer: pkgseal TEST <test@test.invalid>\nStandards-Version: 4.6.2\n\
             Package-List:\n {0} deb misc optional arch=any\n",
            self.name, self.version
        );
        for digest in &self.digests {
            let field = match digest {
                Digest::Md5 => continue,
                Digest::Sha1 => "Checksums-Sha1",
                Digest::Sha256 => "Checksums-Sha256",
                Digest::Sha512 => "Checksums-Sha512",
            };
            text.push_str(&format!("{field}:{}", listed(*digest)));
        }
        text.push_str(&format!("Files:{}", listed(Digest::Md5)));
        (format!("{}.dsc", self.stem()), text)
    }
}
