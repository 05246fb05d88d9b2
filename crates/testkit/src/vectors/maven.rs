//! Maven repositories: every artifact with its `.asc`, and trees that lie.

use super::{Case, Files};
use crate::build::Digest;
use crate::build::maven::Artifact;
use crate::keys::{RawOptions, SIGNED, load, raw_sign};

const FORMAT: &str = "maven";
const TREE: &str = "tree";
const JAR: &str = "invalid/test/lib/1.0/lib-1.0.jar";
const POM: &str = "invalid/test/lib/1.0/lib-1.0.pom";
const METADATA: &str = "invalid/test/lib/maven-metadata.xml";
const GOOD: &str = "good-ed25519";

/// A tree under construction: paths in the repository, content.
#[derive(Clone, Default)]
struct Tree(Files);

impl Tree {
    /// The jar and the POM of one version, signed, with checksums.
    fn good() -> Self {
        Self::version("invalid.test", "1.0", GOOD, SIGNED)
    }

    fn version(group: &str, version: &str, key: &str, signed: &str) -> Self {
        Artifact::new(group, "lib", version)
            .files()
            .into_iter()
            .filter(|(path, _)| !path.contains("-sources") && !path.contains("-javadoc"))
            .fold(Self::default(), |tree, (path, content)| {
                tree.put(&path, &content)
                    .sign(&path, key, signed)
                    .sum(&path, Digest::Sha1)
                    .sum(&path, Digest::Sha256)
            })
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut files = self.0.iter();
        let found = files.find(|(other, _)| other == path);
        found.unwrap_or_else(|| panic!("no {path}")).1.clone()
    }

    fn put(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self = self.remove(path);
        self.0.push((path.into(), content.as_ref().into()));
        self
    }

    fn remove(mut self, path: &str) -> Self {
        self.0.retain(|(other, _)| other != path);
        self
    }

    fn sign(self, path: &str, key: &str, time: &str) -> Self {
        let signature = raw_sign(&load(key), &self.get(path), &RawOptions::at(time));
        self.put(&format!("{path}.asc"), signature)
    }

    fn sum(self, path: &str, digest: Digest) -> Self {
        let sum = digest.hex(&self.get(path));
        self.put(&format!("{path}.{}", digest.suffix()), sum)
    }

    /// Another text at `path`, signed and summed as if it had always stood there.
    fn instead(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, content)
            .sign(path, GOOD, SIGNED)
            .sum(path, Digest::Sha1)
            .sum(path, Digest::Sha256)
    }

    /// The same with the text in the POM replaced.
    fn pom(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.get(POM)).unwrap();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        self.instead(POM, text)
    }

    /// Copies a file with its signature and checksums under another name.
    fn copy(mut self, from: &str, to: &str) -> Self {
        for suffix in ["", ".asc", ".sha1", ".sha256"] {
            let content = self.get(&format!("{from}{suffix}"));
            self = self.put(&format!("{to}{suffix}"), content);
        }
        self
    }

    /// Every file elsewhere.
    fn moved(mut self, from: &str, to: &str) -> Self {
        for (path, _) in &mut self.0 {
            *path = path.replace(from, to);
        }
        self
    }

    /// One bit of a file is flipped.
    fn flip(self, path: &str) -> Self {
        let mut content = self.get(path);
        let middle = content.len() / 2;
        content[middle] ^= 1;
        self.put(path, content)
    }

    fn into_case(self, case: Case) -> Case {
        let files = self.0.into_iter();
        case.files(
            TREE,
            files
                .map(|(path, content)| (format!("{TREE}/{path}"), content))
                .collect(),
        )
    }
}

pub(super) fn cases() -> Vec<Case> {
    let good = Tree::good;
    let metadata = "<metadata><groupId>invalid.test</groupId></metadata>\n";
    let accepted =
        |name: &str, why: &str, tree: Tree| tree.into_case(Case::accepted(FORMAT, name, why));
    let rejected = |name: &str, code: &str, why: &str, tree: Tree| {
        tree.into_case(Case::rejected(FORMAT, name, code, why))
    };
    let mut cases = vec![
        accepted("good", "every artifact is signed", good()),
        accepted(
            "good-metadata-unsigned",
            "the list of versions is unsigned, as on Maven Central: a note",
            good().put(METADATA, metadata).sum(METADATA, Digest::Sha1),
        ),
        accepted(
            "good-metadata-signed",
            "a private repository signs its list of versions",
            good().put(METADATA, metadata).sign(METADATA, GOOD, SIGNED),
        ),
        accepted(
            "signature-without-file",
            "a signature without its file is only warned of",
            good().put(
                "invalid/test/lib/1.0/lib-1.0.war.asc",
                good().get(&format!("{JAR}.asc")),
            ),
        ),
        accepted(
            "good-pom-with-property",
            "a version with a property in it is known to Maven only",
            good().pom("<version>1.0<", "<version>${revision}<"),
        ),
        accepted(
            "expired-now",
            "the key has expired since, which is a note for artifacts",
            Tree::version("invalid.test", "1.0", "expired", SIGNED),
        )
        .trusting(&["expired"]),
    ];
    for (path, name) in [(JAR, "jar"), (POM, "pom")] {
        cases.push(rejected(
            &format!("{name}-tampered"),
            "signature.bad",
            "one bit was flipped and the checksums fitted to it",
            good()
                .flip(path)
                .sum(path, Digest::Sha1)
                .sum(path, Digest::Sha256),
        ));
        cases.push(rejected(
            &format!("{name}-unsigned"),
            "signature.none",
            "it has checksums, but nobody vouches for them",
            good().remove(&format!("{path}.asc")),
        ));
    }
    let asc = |path: &str| good().get(&format!("{path}.asc"));
    cases.extend([
        rejected(
            "signatures-swapped",
            "signature.bad",
            "each signature is good, but of the other file",
            good()
                .put(&format!("{JAR}.asc"), asc(POM))
                .put(&format!("{POM}.asc"), asc(JAR)),
        ),
        rejected(
            "signature-empty",
            "signature.none",
            "an empty signature file is no signature",
            good().put(&format!("{JAR}.asc"), ""),
        ),
        rejected(
            "extra-classifier",
            "signature.none",
            "somebody added an unsigned file to a version",
            good().put("invalid/test/lib/1.0/lib-1.0-extra.zip", "extra"),
        ),
        rejected(
            "extra-version",
            "signature.none",
            "somebody added an unsigned version",
            good().put("invalid/test/lib/1.1/lib-1.1.jar", "extra"),
        ),
        rejected(
            "extra-snapshot",
            "signature.none",
            "a timestamped snapshot is an artifact too",
            good().put(
                "invalid/test/lib/1.1-SNAPSHOT/lib-1.1-20250301.120000-1.jar",
                "extra",
            ),
        ),
        rejected(
            "extra-in-hidden-folder",
            "signature.none",
            "Maven would fetch it by the group .hidden",
            good().put(".hidden/lib/1.0/lib-1.0.jar", "extra"),
        ),
        rejected(
            "name-of-another-artifact",
            "maven.coordinates-mismatch",
            "a well-signed file under the name of another artifact",
            good().copy(JAR, "invalid/test/lib/1.0/other-1.0.jar"),
        ),
        rejected(
            "pom-of-another-version",
            "maven.pom-mismatch",
            "a downgrade: the signed POM of an old version under the new one's name",
            good().pom("<version>1.0<", "<version>0.9<"),
        ),
        rejected(
            "moved-to-another-version",
            "maven.pom-mismatch",
            "the signed files of 1.0 under the names of 2.0: their POM says 1.0",
            good().moved("lib/1.0/lib-1.0", "lib/2.0/lib-2.0"),
        ),
        rejected(
            "pom-of-another-group",
            "maven.pom-mismatch",
            "a signed POM of another group",
            good().pom("<groupId>invalid.test<", "<groupId>invalid.other<"),
        ),
        rejected(
            "pom-of-another-artifact",
            "maven.pom-mismatch",
            "a signed POM of another artifact",
            good().pom("<artifactId>lib<", "<artifactId>bil<"),
        ),
        rejected(
            "pom-with-two-versions",
            "maven.pom-malformed",
            "readers differ in which of the two they take",
            good().pom("<packaging>", "<version>0.9</version><packaging>"),
        ),
        rejected(
            "pom-with-document-type",
            "maven.pom-malformed",
            "entities could say anything",
            good().pom("<project", "<!DOCTYPE project><project"),
        ),
        rejected(
            "pom-cut-short",
            "maven.pom-malformed",
            "signed as it is, but it ends in the middle",
            good().pom("</project>", ""),
        ),
        rejected(
            "checksum-wrong",
            "maven.checksum-mismatch",
            "the signature is good, a checksum beside it is not",
            good().put(&format!("{JAR}.sha1"), Digest::Sha1.hex(b"other")),
        ),
        rejected(
            "checksum-of-another-file",
            "maven.checksum-malformed",
            "the checksum file names another file",
            good().put(
                &format!("{JAR}.sha256"),
                format!("{}  lib-0.9.jar\n", Digest::Sha256.hex(&good().get(JAR))),
            ),
        ),
        rejected(
            "checksum-of-signature-wrong",
            "maven.checksum-mismatch",
            "the signature was replaced after its own checksum was written",
            good().put(&format!("{JAR}.asc.md5"), Digest::Md5.hex(b"other")),
        ),
        rejected(
            "metadata-tampered",
            "signature.bad",
            "the signed list of versions was changed",
            good()
                .put(METADATA, metadata)
                .sign(METADATA, GOOD, SIGNED)
                .flip(METADATA),
        ),
        rejected(
            "metadata-by-expired-key",
            "signature.key-expired",
            "a list of versions must be vouched for by a key that is alive now",
            good()
                .put(METADATA, metadata)
                .sign(METADATA, "expired", SIGNED),
        )
        .trusting(&[GOOD, "expired"]),
        rejected(
            "unknown-signer",
            "signature.missing-certificate",
            "one artifact is signed by somebody unknown",
            good().sign(JAR, "stranger", SIGNED),
        ),
        rejected(
            "expired-when-it-signed",
            "signature.key-expired-at-signing",
            "one artifact was signed after the key had expired",
            Tree::version("invalid.test", "1.0", "expired", SIGNED).sign(
                JAR,
                "expired",
                "2025-06-15",
            ),
        )
        .trusting(&["expired"]),
        rejected(
            "revoked-hard",
            "signature.key-revoked",
            "the key is revoked as compromised: nothing it ever signed counts",
            Tree::version("invalid.test", "1.0", "revoked-hard", SIGNED),
        )
        .trusting(&["revoked-hard"]),
    ]);
    cases
}
