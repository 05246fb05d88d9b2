//! Signed files as apt takes them apart: leniently, so a model only. What this yields is
//! never `Verified`; our own reader is `pkgseal_openpgp::cleartext`.

const MESSAGE: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// Lines of an armored signature, its frame taken off.
pub(super) type Block = Vec<Vec<u8>>;

/// A clearsigned file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Lines joined by LF, without a last one.
    pub(super) text: Vec<u8>,
    pub(super) blocks: Vec<Block>,
}

/// Lines without their ends, and without blanks at their ends; a carriage return before
/// such blanks stays.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .strip_suffix(b"\n")
        .unwrap_or(bytes)
        .split(|byte| *byte == b'\n')
        .take(if bytes.is_empty() { 0 } else { usize::MAX })
        .map(|line| trimmed(trimmed(line, b"\r"), b" \t"))
}

fn trimmed<'a>(mut line: &'a [u8], of: &[u8]) -> &'a [u8] {
    while let Some((last, rest)) = line.split_last()
        && of.contains(last)
    {
        line = rest;
    }
    line
}

/// Takes an InRelease apart. The error is what apt finds wrong.
pub(super) fn clearsigned(bytes: &[u8]) -> Result<Message, String> {
    let mut lines = lines(bytes).enumerate();
    if lines.next().map(|(_, line)| line) != Some(MESSAGE) {
        return Err("it does not begin with a line that begins a signed message".to_owned());
    }
    loop {
        match lines.next() {
            None => return Err("it ends in its headers".to_owned()),
            Some((_, [])) => break,
            Some((number, [b'-', ..])) => return Err(dash(number, "headers")),
            // Whatever else stands there is passed over.
            Some(_) => {}
        }
    }
    let mut text: Option<Vec<u8>> = None;
    loop {
        let (number, line) = match lines.next() {
            None => return Err("it ends before its signature".to_owned()),
            Some((_, line)) if line == BEGIN => break,
            Some(line) => line,
        };
        let line = match line {
            [b'-', b' ', rest @ ..] => rest,
            [b'-', ..] => return Err(dash(number, "text")),
            line => line,
        };
        match &mut text {
            Some(text) => {
                text.push(b'\n');
                text.extend_from_slice(line);
            }
            None => text = Some(line.to_vec()),
        }
    }
    let mut blocks = vec![Vec::new()];
    let mut open = true;
    for (number, line) in lines {
        match (open, line) {
            (true, END) => open = false,
            (true, [b'-', ..]) => return Err(dash(number, "signature")),
            (true, line) => {
                if let Some(block) = blocks.last_mut() {
                    block.push(line.to_vec());
                }
            }
            (false, BEGIN) => {
                open = true;
                blocks.push(Vec::new());
            }
            (false, _) => {
                let number = number + 1;
                return Err(format!(
                    "line {number}: something stands after the signature"
                ));
            }
        }
    }
    if open {
        return Err("its signature has no end".to_owned());
    }
    Ok(Message {
        text: text.unwrap_or_default(),
        blocks,
    })
}

fn dash(number: usize, of: &str) -> String {
    let number = number + 1;
    format!("line {number}: a line of the {of} begins with a dash")
}

/// Takes a Release.gpg apart: armored signatures, one behind the other.
pub(super) fn detached(bytes: &[u8]) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut other = false;
    for (number, line) in lines(bytes).enumerate() {
        match (open, line) {
            (true, END) => open = false,
            (true, [b'-', ..]) => return Err(dash(number, "signature")),
            (true, line) => {
                if let Some(block) = blocks.last_mut() {
                    block.push(line.to_vec());
                }
            }
            (false, BEGIN) => {
                open = true;
                blocks.push(Vec::new());
            }
            (false, _) => other = true,
        }
    }
    if blocks.is_empty() {
        return Err(match bytes.first() {
            Some(first) if first & 0x80 != 0 => "a binary signature, and apt reads armor only",
            _ => "no armored signature in it",
        }
        .to_owned());
    }
    if other {
        return Err("something stands around its signatures".to_owned());
    }
    if open {
        return Err("its signature has no end".to_owned());
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n";

    fn text(body: &str) -> Result<String, String> {
        let message =
            format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{body}{SIGNATURE}");
        clearsigned(message.as_bytes()).map(|message| String::from_utf8(message.text).unwrap())
    }

    #[test]
    fn lines_lose_their_ends() {
        assert_eq!(text("a \t\r\nb\r \n\nc\n").unwrap(), "a\nb\r\n\nc");
        assert_eq!(text("").unwrap(), "");
        assert_eq!(text("\n").unwrap(), "");
        assert_eq!(text("\n\n").unwrap(), "\n");
        assert_eq!(text("- a\n- -b\n").unwrap(), "a\n-b");
    }

    #[test]
    fn dashes_are_escaped() {
        for body in ["-a\n", "--\n", "a\n-\n"] {
            assert!(text(body).unwrap_err().contains("dash"), "{body:?}");
        }
    }

    #[test]
    fn nothing_around() {
        for message in ["", "\n", "x\n", "-----BEGIN PGP SIGNED MESSAGE-----\n"] {
            assert!(clearsigned(message.as_bytes()).is_err(), "{message:?}");
        }
        let whole = format!("-----BEGIN PGP SIGNED MESSAGE-----\n\na\n{SIGNATURE}");
        assert_eq!(clearsigned(whole.as_bytes()).unwrap().blocks.len(), 1);
        for behind in ["\n", " ", "x\n", "-----BEGIN PGP SIGNED MESSAGE-----\n"] {
            let message = format!("{whole}{behind}");
            assert!(clearsigned(message.as_bytes()).is_err(), "{behind:?}");
        }
        let two = format!("{whole}{SIGNATURE}");
        assert_eq!(clearsigned(two.as_bytes()).unwrap().blocks.len(), 2);
    }

    #[test]
    fn signatures_and_nothing_else() {
        assert_eq!(detached(SIGNATURE.as_bytes()).unwrap().len(), 1);
        let two = format!("{SIGNATURE}{SIGNATURE}");
        assert_eq!(detached(two.as_bytes()).unwrap().len(), 2);
        for wrong in [
            String::new(),
            format!("\n{SIGNATURE}"),
            format!("{SIGNATURE}\n"),
            format!("{SIGNATURE}x{SIGNATURE}"),
            SIGNATURE.replace("-----END", "-----MID"),
            SIGNATURE.replace("-----END PGP SIGNATURE-----\n", ""),
        ] {
            assert!(detached(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(detached(&[0x89, 1]).unwrap_err().contains("binary"));
    }
}
