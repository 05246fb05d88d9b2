//! yum repositories as createrepo_c lays them out, unsigned.

use std::path::Path;

use super::rpm::{Parts, Rpm};
use super::{BUILT, Compression, Digest, put};

/// A repository of packages in `Packages/`.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Packages and the bytes they have in the repository (signed ones, say).
    pub packages: Vec<(Rpm, Vec<u8>)>,
    /// Compression of the metadata.
    pub compression: Compression,
    /// `location href` of the packages' folder, ending in `/` where it is not empty.
    pub folder: String,
}

/// One file of the metadata.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// `primary`, `filelists`, `other`.
    pub kind: &'static str,
    /// Name below `repodata/`.
    pub name: String,
    /// As stored.
    pub stored: Vec<u8>,
    /// Uncompressed.
    pub open: Vec<u8>,
}

impl Repository {
    /// A repository of these packages as built.
    pub fn new(packages: Vec<Rpm>) -> Self {
        Self {
            packages: packages
                .into_iter()
                .map(|rpm| {
                    let bytes = rpm.build();
                    (rpm, bytes)
                })
                .collect(),
            compression: Compression::Gzip,
            folder: "Packages/".into(),
        }
    }

    /// primary, filelists and other.
    pub fn metadata(&self) -> Vec<Metadata> {
        [
            ("primary", self.primary()),
            ("filelists", self.filelists()),
            ("other", self.other()),
        ]
        .into_iter()
        .map(|(kind, text)| self.stored(kind, text))
        .collect()
    }

    /// Compresses and names one document.
    pub fn stored(&self, kind: &'static str, text: String) -> Metadata {
        let stored = self.compression.compress(text.as_bytes());
        Metadata {
            kind,
            name: format!(
                "{}-{kind}.xml{}",
                Digest::Sha256.hex(&stored),
                self.compression.suffix()
            ),
            stored,
            open: text.into_bytes(),
        }
    }

    /// The text of `repomd.xml` over these documents.
    pub fn repomd(&self, metadata: &[Metadata]) -> String {
        let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <repomd xmlns=\"http://linux.duke.edu/metadata/repo\" \
             xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n"
            .to_owned();
        text.push_str(&format!("  <revision>{BUILT}</revision>\n"));
        for file in metadata {
            text.push_str(&format!(
                "  <data type=\"{}\">\n    <checksum type=\"sha256\">{}</checksum>\n    \
                 <open-checksum type=\"sha256\">{}</open-checksum>\n    \
                 <location href=\"repodata/{}\"/>\n    <timestamp>{BUILT}</timestamp>\n    \
                 <size>{}</size>\n    <open-size>{}</open-size>\n  </data>\n",
                file.kind,
                Digest::Sha256.hex(&file.stored),
                Digest::Sha256.hex(&file.open),
                file.name,
                file.stored.len(),
                file.open.len()
            ));
        }
        text.push_str("</repomd>\n");
        text
    }

    /// Writes packages, metadata and `repomd.xml`.
    pub fn write(&self, root: &Path) {
        for (rpm, bytes) in &self.packages {
            put(root, &format!("{}{}", self.folder, rpm.file_name()), bytes);
        }
        let metadata = self.metadata();
        for file in &metadata {
            put(root, &format!("repodata/{}", file.name), &file.stored);
        }
        put(root, "repodata/repomd.xml", self.repomd(&metadata));
    }

    /// The text of `primary.xml`.
    pub fn primary(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <metadata xmlns=\"http://linux.duke.edu/metadata/common\" \
             xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"{}\">\n",
            self.packages.len()
        );
        for (rpm, bytes) in &self.packages {
            let parts = Parts::read(bytes);
            let end = bytes.len() - parts.payload.len();
            let start = end - parts.header.len();
            let installed: usize = rpm.files.iter().map(|(_, content)| content.len()).sum();
            text.push_str(&format!(
                r#"<package type="rpm">
  <name>{name}</name>
  <arch>{arch}</arch>
  <version epoch="0" ver="{version}" rel="{release}"/>
  <checksum type="sha256" pkgid="YES">{checksum}</checksum>
  <summary>test package</summary>
  <description>It holds nothing of use.</description>
  <packager>pkgseal TEST &lt;test@test.invalid&gt;</packager>
  <url/>
  <time file="{BUILT}" build="{BUILT}"/>
  <size package="{size}" installed="{installed}" archive="0"/>
  <location href="{folder}{file}"/>
  <format>
    <rpm:license>MIT</rpm:license>
    <rpm:vendor/>
    <rpm:group>Unspecified</rpm:group>
    <rpm:buildhost>test.invalid</rpm:buildhost>
    <rpm:sourcerpm>{name}-{version}-{release}.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="{start}" end="{end}"/>
    <rpm:provides>
      <rpm:entry name="{name}" flags="EQ" epoch="0" ver="{version}" rel="{release}"/>
    </rpm:provides>
  </format>
</package>
"#,
                name = rpm.name,
                arch = rpm.architecture,
                version = rpm.version,
                release = rpm.release,
                checksum = Digest::Sha256.hex(bytes),
                size = bytes.len(),
                folder = self.folder,
                file = rpm.file_name(),
            ));
        }
        text.push_str("</metadata>\n");
        text
    }

    fn filelists(&self) -> String {
        self.per_package("filelists", |rpm| {
            rpm.files
                .iter()
                .map(|(path, _)| format!("  <file>{path}</file>\n"))
                .collect()
        })
    }

    fn other(&self) -> String {
        self.per_package("other", |_| String::new())
    }

    fn per_package(&self, kind: &str, inside: impl Fn(&Rpm) -> String) -> String {
        let root = match kind {
            "other" => "otherdata",
            kind => kind,
        };
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <{root} xmlns=\"http://linux.duke.edu/metadata/{kind}\" packages=\"{}\">\n",
            self.packages.len()
        );
        for (rpm, bytes) in &self.packages {
            text.push_str(&format!(
                "<package pkgid=\"{}\" name=\"{}\" arch=\"{}\">\n  \
                 <version epoch=\"0\" ver=\"{}\" rel=\"{}\"/>\n{}</package>\n",
                Digest::Sha256.hex(bytes),
                rpm.name,
                rpm.architecture,
                rpm.version,
                rpm.release,
                inside(rpm)
            ));
        }
        text.push_str(&format!("</{root}>\n"));
        text
    }
}
