//! Uploads as dpkg-buildpackage leaves them: .dsc, .buildinfo, .changes, and their files.

use super::deb::{Deb, tar};
use super::{Compression, Digest};

/// A source package, the packages built from it, and the documents about them.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Source package.
    pub source: String,
    /// Its version, epoch and all.
    pub version: String,
    /// Files of the source package: name, content.
    pub sources: Vec<(String, Vec<u8>)>,
    /// Packages built from it.
    pub debs: Vec<Deb>,
    /// A package whose content stands in the file of the first one.
    pub disguised: Option<Deb>,
    /// Whether there is a .buildinfo.
    pub buildinfo: bool,
    /// What the .changes is named after: `amd64`, `source`.
    pub named: String,
    /// More fields of the .changes, each with its line end.
    pub fields: String,
}

/// One of the documents, as it is about to be written.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// `dsc`, `buildinfo` or `changes`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
    /// Its paragraph, without a signature.
    pub text: &'a str,
}

/// Where `name` has no epoch.
fn plain(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, rest)| rest)
}

impl Upload {
    /// `hello` 1:1.0-1 with an upstream tarball and one package for all architectures.
    pub fn new() -> Self {
        let tarball = |path: &str, content: &[u8]| {
            Compression::Xz.compress(&tar(&[(path.into(), content.into())]))
        };
        Self {
            source: "hello".into(),
            version: "1:1.0-1".into(),
            sources: vec![
                (
                    "hello_1.0.orig.tar.xz".into(),
                    tarball("hello-1.0/README", b"hello\n"),
                ),
                (
                    "hello_1.0-1.debian.tar.xz".into(),
                    tarball("debian/source/format", b"3.0 (quilt)\n"),
                ),
            ],
            debs: vec![Deb::new("hello", "1:1.0-1", "all")],
            disguised: None,
            buildinfo: true,
            named: "amd64".into(),
            fields: String::new(),
        }
    }

    /// The source alone, without a .buildinfo.
    #[must_use]
    pub fn source_only(self) -> Self {
        Self {
            debs: Vec::new(),
            buildinfo: false,
            named: "source".into(),
            ..self
        }
    }

    /// With a signature of the upstream tarball beside it.
    #[must_use]
    pub fn upstream(mut self, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Self {
        let (name, content) = &self.sources[0];
        let signature = (format!("{name}.asc"), sign(content));
        self.sources.insert(1, signature);
        self
    }

    /// Name of the .dsc.
    pub fn dsc_name(&self) -> String {
        format!("{}_{}.dsc", self.source, plain(&self.version))
    }

    /// Name of the .buildinfo.
    pub fn buildinfo_name(&self) -> String {
        self.named("buildinfo")
    }

    /// Name of the .changes.
    pub fn changes_name(&self) -> String {
        self.named("changes")
    }

    fn named(&self, ending: &str) -> String {
        let version = plain(&self.version);
        format!("{}_{version}_{}.{ending}", self.source, self.named)
    }

    fn architectures(&self) -> String {
        let mut words = vec!["source"];
        for deb in &self.debs {
            if !words.contains(&deb.architecture.as_str()) {
                words.push(&deb.architecture);
            }
        }
        words.join(" ")
    }

    fn binaries(&self) -> String {
        let names: Vec<&str> = self.debs.iter().map(|deb| deb.name.as_str()).collect();
        names.join(" ")
    }

    fn dsc(&self) -> String {
        format!(
            "Format: 3.0 (quilt)\nSource: {}\nBinary: hello\nArchitecture: all\nVersion: {}\n\
             Maintainer: pkgseal TEST <test@test.invalid>\nStandards-Version: 4.6.2\n\
             Package-List:\n hello deb misc optional arch=all\n{}",
            self.source,
            self.version,
            lists("Files", "", &self.sources)
        )
    }

    fn buildinfo(&self, files: &[(String, Vec<u8>)]) -> String {
        format!(
            "Format: 1.0\nSource: {}\nBinary: {}\nArchitecture: {}\nVersion: {}\n{}\
             Build-Origin: TEST\nBuild-Architecture: amd64\n\
             Build-Date: Sat, 01 Feb 2025 00:00:00 +0000\nInstalled-Build-Depends:\n \
             dpkg (= 1.21.22),\n tar (= 1.34)\nEnvironment:\n LANG=\"C.UTF-8\"\n",
            self.source,
            self.binaries(),
            self.architectures(),
            self.version,
            lists("Checksums-Md5", "", files)
        )
    }

    fn changes(&self, files: &[(String, Vec<u8>)]) -> String {
        let binary = match self.binaries() {
            none if none.is_empty() => none,
            names => format!("Binary: {names}\n"),
        };
        format!(
            "Format: 1.8\nDate: Sat, 01 Feb 2025 00:00:00 +0000\nSource: {}\n{binary}\
             Architecture: {}\nVersion: {}\nDistribution: unstable\nUrgency: medium\n\
             Maintainer: pkgseal TEST <test@test.invalid>\n\
             Changed-By: pkgseal TEST <test@test.invalid>\n{}Changes:\n {} ({}) unstable; \
             urgency=medium\n .\n   * Test.\n{}",
            self.source,
            self.architectures(),
            self.version,
            self.fields,
            self.source,
            self.version,
            lists("Files", "misc optional ", files)
        )
    }

    /// Every file, the documents as `write` writes them, from the inside out: each lists
    /// what was written before it.
    pub fn files(&self, write: &dyn Fn(&Draft<'_>) -> Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let written = |kind, name: String, text: &str| {
            let name_of = name.clone();
            let draft = Draft {
                kind,
                name: &name_of,
                text,
            };
            (name, write(&draft))
        };
        let dsc = written("dsc", self.dsc_name(), &self.dsc());
        let mut debs = self
            .debs
            .iter()
            .map(|deb| (deb.file_name(), deb.build()))
            .collect::<Vec<_>>();
        if let (Some(disguised), Some((_, content))) = (&self.disguised, debs.first_mut()) {
            *content = disguised.build();
        }
        let mut files = vec![dsc.clone()];
        files.extend(self.sources.clone());
        files.extend(debs.clone());
        if self.buildinfo {
            let built: Vec<_> = std::iter::once(dsc).chain(debs).collect();
            let text = self.buildinfo(&built);
            files.push(written("buildinfo", self.buildinfo_name(), &text));
        }
        let text = self.changes(&files);
        files.push(written("changes", self.changes_name(), &text));
        files
    }

    /// Every file, nothing signed.
    pub fn unsigned(&self) -> Vec<(String, Vec<u8>)> {
        self.files(&|draft| draft.text.as_bytes().to_vec())
    }
}

impl Default for Upload {
    fn default() -> Self {
        Self::new()
    }
}

/// The file lists in dpkg's order; `first` is the one of MD5, which comes first in a
/// .buildinfo and last elsewhere.
fn lists(first: &str, between: &str, files: &[(String, Vec<u8>)]) -> String {
    let list = |field: &str, digest: Digest, between: &str| {
        let mut text = format!("{field}:\n");
        for (name, content) in files {
            let hex = digest.hex(content);
            text.push_str(&format!(" {hex} {} {between}{name}\n", content.len()));
        }
        text
    };
    let md5 = list(first, Digest::Md5, between);
    let sha1 = list("Checksums-Sha1", Digest::Sha1, "");
    let sha256 = list("Checksums-Sha256", Digest::Sha256, "");
    if first == "Files" {
        format!("{sha1}{sha256}{md5}")
    } else {
        format!("{md5}{sha1}{sha256}")
    }
}
