//! The lead: 96 bytes that no digest and no signature covers.
//!
//! Nothing is decided from it. rpm looks at the magic number only; the rest is compared
//! with the signed header, so that a change is at least named.

/// Bytes of the lead.
pub const LENGTH: usize = 96;

/// The first four bytes of every package.
pub const MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];

/// The fields of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead<'a> {
    bytes: &'a [u8; LENGTH],
}

impl<'a> Lead<'a> {
    /// Takes the first 96 bytes of a file; `None` when the magic number is another.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<LENGTH>()?;
        (bytes.first_chunk::<4>() == Some(&MAGIC)).then_some(Self { bytes })
    }

    fn field<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..)
            .and_then(<[u8]>::first_chunk::<N>)
            .copied()
            .unwrap_or([0; N])
    }

    /// Major and minor version: 3.0, and 4.0 in version 6 packages.
    pub fn version(self) -> (u8, u8) {
        let [major, minor] = self.field(4);
        (major, minor)
    }

    /// 5: a signature header follows.
    pub fn signature_type(self) -> u16 {
        u16::from_be_bytes(self.field(78))
    }

    /// 0 for a binary package, 1 for a source package.
    pub fn kind(self) -> u16 {
        u16::from_be_bytes(self.field(6))
    }

    /// Name-version-release up to the first NUL, at most 66 bytes.
    pub fn name(self) -> &'a [u8] {
        let field = self.bytes.get(10..76).unwrap_or_default();
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        field.get(..end).unwrap_or_default()
    }

    /// What is not as every builder writes it. `source` and `names` come from the signed
    /// header: whether it is a source package, and the forms its name may take here.
    pub fn deviations(self, source: Option<bool>, names: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        let (major, minor) = self.version();
        if !(3..=4).contains(&major) || minor != 0 {
            found.push(format!("version {major}.{minor}, where 3.0 or 4.0 belongs"));
        }
        match (self.kind(), source) {
            (0, Some(true)) => found.push("says binary, the header says source".to_owned()),
            (1, Some(false)) => found.push("says source, the header says binary".to_owned()),
            (0 | 1, _) => {}
            (kind, _) => found.push(format!("package type {kind}, where 0 or 1 belongs")),
        }
        let name = self.name();
        let truncated = |full: &str| full.as_bytes().get(..65) == Some(name);
        if !names.is_empty() && !names.iter().any(|n| n.as_bytes() == name || truncated(n)) {
            found.push(format!(
                "name {:?}, where the header gives {:?}",
                String::from_utf8_lossy(name),
                names.first().map_or("", String::as_str)
            ));
        }
        let after = self.bytes.get(10 + name.len()..76).unwrap_or_default();
        if name.len() > 65 || after.iter().any(|&b| b != 0) {
            found.push("bytes after the name".to_owned());
        }
        let signature_type = self.signature_type();
        if signature_type != 5 {
            found.push(format!("signature type {signature_type}, where 5 belongs"));
        }
        if self.field::<16>(80) != [0; 16] {
            found.push("bytes in the reserved last 16".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical() -> [u8; LENGTH] {
        let mut lead = [0; LENGTH];
        lead[..4].copy_from_slice(&MAGIC);
        lead[4] = 3;
        lead[10..21].copy_from_slice(b"hello-1.0-1");
        lead[79] = 5;
        lead
    }

    #[test]
    fn canonical_lead_has_no_deviation() {
        let lead = canonical();
        let lead = Lead::parse(&lead).unwrap();
        assert_eq!(lead.name(), b"hello-1.0-1");
        assert!(
            lead.deviations(Some(false), &["hello-1.0-1".to_owned()])
                .is_empty()
        );
    }

    #[test]
    fn another_magic_is_no_lead() {
        let mut lead = canonical();
        lead[0] ^= 1;
        assert!(Lead::parse(&lead).is_none());
        assert!(Lead::parse(&lead[..95]).is_none());
    }

    #[test]
    fn every_field_but_architecture_and_system_is_watched() {
        let free = (8..10).chain(76..78);
        let free: Vec<usize> = free.collect();
        for at in 4..LENGTH {
            let mut lead = canonical();
            lead[at] ^= 0x40;
            let found = Lead::parse(&lead)
                .unwrap()
                .deviations(Some(false), &["hello-1.0-1".to_owned()]);
            assert_eq!(found.is_empty(), free.contains(&at), "byte {at}");
        }
    }

    #[test]
    fn long_names_are_cut_at_65() {
        let full = "x".repeat(80);
        let mut lead = canonical();
        lead[10..75].copy_from_slice(&full.as_bytes()[..65]);
        let lead = Lead::parse(&lead).unwrap();
        assert!(lead.deviations(None, &[full]).is_empty());
    }
}
