//! Maven repositories.

use std::path::Path;

use super::{Digest, put, zip};

/// One version of an artifact with everything Central asks for.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// groupId.
    pub group: String,
    /// artifactId.
    pub artifact: String,
    /// version.
    pub version: String,
}

impl Artifact {
    /// Names one.
    pub fn new(group: &str, artifact: &str, version: &str) -> Self {
        Self {
            group: group.into(),
            artifact: artifact.into(),
            version: version.into(),
        }
    }

    /// Its folder, relative to the repository.
    pub fn folder(&self) -> String {
        format!(
            "{}/{}/{}",
            self.group.replace('.', "/"),
            self.artifact,
            self.version
        )
    }

    /// Its files without checksums and signatures: path relative to the repository,
    /// content.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let manifest = b"Manifest-Version: 1.0\r\nCreated-By: pkgseal TEST\r\n\r\n";
        let text = format!("{} {}: a test artifact\n", self.artifact, self.version);
        let jar = |name: &str| {
            zip::stored(&[
                ("META-INF/MANIFEST.MF", &manifest[..]),
                (name, text.as_bytes()),
            ])
        };
        let at = |suffix: &str| {
            format!(
                "{}/{}-{}{suffix}",
                self.folder(),
                self.artifact,
                self.version
            )
        };
        vec![
            (at(".jar"), jar("README")),
            (at("-sources.jar"), jar("Example.java")),
            (at("-javadoc.jar"), jar("index.html")),
            (at(".pom"), self.pom().into_bytes()),
        ]
    }

    fn pom(&self) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{}</groupId>
  <artifactId>{}</artifactId>
  <version>{}</version>
  <packaging>jar</packaging>
  <name>test artifact</name>
  <description>It holds nothing of use.</description>
  <url>https://test.invalid/</url>
  <licenses><license><name>MIT</name></license></licenses>
  <developers><developer><name>pkgseal TEST</name></developer></developers>
  <scm>
    <connection>scm:git:https://test.invalid/</connection>
    <developerConnection>scm:git:https://test.invalid/</developerConnection>
    <url>https://test.invalid/</url>
  </scm>
</project>
"#,
            self.group, self.artifact, self.version
        )
    }
}

/// Writes a repository: each artifact with its four checksum files, and a
/// `maven-metadata.xml` for each group and artifact, with checksums too. Nothing is
/// signed.
pub fn write(root: &Path, artifacts: &[Artifact]) {
    let with_checksums = |path: &str, content: &[u8]| {
        put(root, path, content);
        for digest in [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha512] {
            put(
                root,
                &format!("{path}.{}", digest.suffix()),
                digest.hex(content),
            );
        }
    };
    let mut versions = std::collections::BTreeMap::<(&str, &str), Vec<&str>>::new();
    for artifact in artifacts {
        for (path, content) in artifact.files() {
            with_checksums(&path, &content);
        }
        versions
            .entry((&artifact.group, &artifact.artifact))
            .or_default()
            .push(&artifact.version);
    }
    for ((group, artifact), versions) in versions {
        let last = versions.last().unwrap();
        let list: String = versions
            .iter()
            .map(|version| format!("      <version>{version}</version>\n"))
            .collect();
        let text = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <groupId>{group}</groupId>
  <artifactId>{artifact}</artifactId>
  <versioning>
    <latest>{last}</latest>
    <release>{last}</release>
    <versions>
{list}    </versions>
    <lastUpdated>20250201000000</lastUpdated>
  </versioning>
</metadata>
"#
        );
        let folder = format!("{}/{artifact}", group.replace('.', "/"));
        with_checksums(&format!("{folder}/maven-metadata.xml"), text.as_bytes());
    }
}
