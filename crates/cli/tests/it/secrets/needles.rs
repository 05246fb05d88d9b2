//! A secret in every form it might show itself in.

/// What is looked for: name and octets.
pub(crate) struct Needles(Vec<(String, Vec<u8>)>);

/// Octets of a needle: enough to be no chance.
const ENOUGH: usize = 12;

impl Needles {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// A text: as it is, percent-escaped, and as octets.
    pub(crate) fn words(&mut self, name: &str, words: &str) {
        let escaped = words.replace('%', "%25").replace('+', "%2B");
        self.0
            .push((format!("{name}, escaped"), escaped.into_bytes()));
        self.octets(name, words.as_bytes());
    }

    /// Octets: raw, as hexadecimal in both cases, as a list of numbers, as Base64 at each of
    /// three places. A part of them is enough.
    pub(crate) fn octets(&mut self, name: &str, octets: &[u8]) {
        assert!(
            octets.len() >= ENOUGH,
            "{name} is too short to be told apart"
        );
        let part = &octets[octets.len() - ENOUGH..];
        self.0.push((format!("{name}, raw"), part.to_vec()));
        let lower: String = part.iter().map(|octet| format!("{octet:02x}")).collect();
        let decimal = part
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        self.0.push((
            format!("{name}, upper case"),
            lower.to_uppercase().into_bytes(),
        ));
        self.0
            .push((format!("{name}, lower case"), lower.into_bytes()));
        self.0
            .push((format!("{name}, decimal"), decimal.into_bytes()));
        for skipped in 0..3 {
            let part = &part[skipped..];
            let whole = &part[..part.len() - part.len() % 3];
            self.0.push((format!("{name}, Base64"), base64(whole)));
        }
    }

    /// The needle that is in there.
    pub(crate) fn found(&self, hay: &[u8]) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, needle)| contains(hay, needle))
            .map(|(name, _)| name.as_str())
    }

    #[track_caller]
    pub(crate) fn absent(&self, usage: &str, place: &str, hay: &[u8]) {
        if let Some(name) = self.found(hay) {
            panic!("{usage}: the {name}, is in {place}");
        }
    }

    /// `strace -xx` writes each octet as `\xNN`.
    #[track_caller]
    pub(crate) fn absent_from_trace(&self, usage: &str, line: &str) {
        let plain = unescaped(line);
        if let Some(name) = self.found(&plain) {
            let shown: String = line.chars().take(120).collect();
            panic!("{usage}: the {name}, is in a call: {shown}");
        }
    }
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len() / 4);
    let mut rest = line.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octet = rest
            .strip_prefix(b"\\x")
            .and_then(|digits| std::str::from_utf8(digits.get(..2)?).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { &rest[4..] } else { after };
    }
    plain
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, _)) = needle.split_first() else {
        return false;
    };
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|octet| octet == first) {
        from += at;
        if hay[from..].starts_with(needle) {
            return true;
        }
        from += 1;
    }
    false
}

fn base64(octets: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    octets
        .chunks(3)
        .flat_map(|three| {
            let number = three
                .iter()
                .fold(0_usize, |sum, octet| (sum << 8) | usize::from(*octet));
            [18, 12, 6, 0].map(|shift| ALPHABET[(number >> shift) & 63])
        })
        .collect()
}

/// A test that cannot find anything proves nothing.
#[test]
fn every_form_is_found() {
    let mut needles = Needles::new();
    let secret: Vec<u8> = (100..140).collect();
    needles.octets("number", &secret);
    needles.words("words", "a passphrase: 100%");
    let hexadecimal: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
    let mut forms = vec![
        secret.clone(),
        hexadecimal.to_uppercase().into_bytes(),
        hexadecimal.into_bytes(),
        format!("{secret:?}").into_bytes(),
        b"a passphrase: 100%25".to_vec(),
        b"x=a passphrase: 100%".to_vec(),
    ];
    for before in 0..3 {
        let hay = [&[7; 3][..before], &secret, &[9; 3]].concat();
        forms.push(base64(&hay[..hay.len() - hay.len() % 3]));
    }
    for form in forms {
        let hay = [b"before ", form.as_slice(), b" after"].concat();
        assert!(needles.found(&hay).is_some(), "{}", form.escape_ascii());
        let traced: String = hay.iter().map(|octet| format!("\\x{octet:02x}")).collect();
        let line = format!("1 write(3</tmp/x>, \"{traced}\", 9) = 9");
        assert!(needles.found(&unescaped(&line)).is_some());
    }
    assert!(needles.found(b"a passphrase, another one").is_none());
}
