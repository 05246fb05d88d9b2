//! Entries as text.

use super::{Enabled, SignedBy, Source};

impl Source {
    /// The entry as a paragraph of a `.sources` file.
    pub fn deb822(&self) -> String {
        let words: Vec<&str> = self.types.iter().map(|kind| kind.word()).collect();
        let mut text = String::new();
        let mut field = |name: &str, values: &[String]| {
            if !values.is_empty() {
                text.push_str(&format!("{name}: {}\n", values.join(" ")));
            }
        };
        if self.enabled == Enabled::No {
            field("Enabled", &["no".to_owned()]);
        }
        field("Types", &[words.join(" ")]);
        field("URIs", &self.uris);
        field("Suites", &self.suites);
        field("Components", &self.components);
        field("Architectures", &self.architectures);
        match &self.signed_by {
            SignedBy::Anyone => {}
            SignedBy::Named { .. } => field("Signed-By", &self.signers()),
            SignedBy::Inline(block) => {
                text.push_str("Signed-By:\n");
                for line in block.lines() {
                    let line = if line.is_empty() { "." } else { line };
                    text.push_str(&format!(" {line}\n"));
                }
            }
        }
        text
    }

    /// The entry as lines of a `.list` file, one for each type, URI and suite; `None` where
    /// that style has no way to say it: certificates inside the entry, or switched off.
    pub fn one_line(&self) -> Option<String> {
        if matches!(self.signed_by, SignedBy::Inline(_)) || self.enabled == Enabled::No {
            return None;
        }
        let mut options = Vec::new();
        if !self.architectures.is_empty() {
            options.push(format!("arch={}", self.architectures.join(",")));
        }
        if self.signed_by != SignedBy::Anyone {
            options.push(format!("signed-by={}", self.signers().join(",")));
        }
        let options = if options.is_empty() {
            String::new()
        } else {
            format!("[{}] ", options.join(" "))
        };
        let mut text = String::new();
        for kind in &self.types {
            for uri in &self.uris {
                for suite in &self.suites {
                    text.push_str(&format!("{} {options}{uri} {suite}", kind.word()));
                    for component in &self.components {
                        text.push_str(&format!(" {component}"));
                    }
                    text.push('\n');
                }
            }
        }
        Some(text)
    }

    fn signers(&self) -> Vec<String> {
        let SignedBy::Named {
            files,
            fingerprints,
        } = &self.signed_by
        else {
            return Vec::new();
        };
        let pins = fingerprints.iter().map(|pin| {
            let exact = if pin.exact { "!" } else { "" };
            format!("{}{exact}", pin.fingerprint)
        });
        files.iter().cloned().chain(pins).collect()
    }
}
