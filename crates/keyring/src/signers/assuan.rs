//! A client of Assuan, the line protocol of gpg-agent and pinentry.
//!
//! Lines of 1000 octets at most; the server answers `OK`, `ERR`, `S` (status), `#`
//! (comment), `D` (data) or `INQUIRE` (it asks back). Whatever the other side sends is
//! bounded, and every buffer is wiped: passphrases pass through them.

use std::io::{self, Read, Write};

use zeroize::Zeroizing;

/// Octets of a line without its end.
const LINE: usize = 1000;
/// Octets of an answer's data: the largest is a signature of RSA-16384.
const DATA: usize = 8192;
/// Lines of one answer.
const LINES: usize = 1000;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The other side said so.
    #[error("{text}")]
    Refused {
        /// libgpg-error's code, without the part that says who.
        code: u16,
        /// Its words.
        text: String,
    },
    /// The connection is gone.
    #[error("the connection ended")]
    Ended,
    /// It took too long.
    #[error("no answer")]
    Silent,
    /// The system said so.
    #[error("{0}")]
    Io(io::Error),
    /// That is no Assuan.
    #[error("{0}")]
    Protocol(&'static str),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof => Self::Ended,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Io(error),
        }
    }
}

/// What a question of the server is answered with.
pub(super) enum Answer {
    /// This.
    Data(Zeroizing<Vec<u8>>),
    /// The command is given up.
    Cancel,
}

/// Octets that may be secret, in a buffer that never grows.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// A conversation that has begun.
pub(super) struct Connection<R, W> {
    reader: R,
    writer: W,
    buffer: Secret,
    /// The unread part of the buffer.
    unread: std::ops::Range<usize>,
}

impl<R: Read, W: Write> Connection<R, W> {
    /// Reads the greeting.
    pub(super) fn open(reader: R, writer: W) -> Result<Self, Failure> {
        let mut connection = Self {
            reader,
            writer,
            buffer: Zeroizing::new(vec![0; 4096]),
            unread: 0..0,
        };
        connection.answer(&mut |_| Answer::Cancel)?;
        Ok(connection)
    }

    /// Sends a command, answers what is asked back, and collects the data.
    pub(super) fn command(
        &mut self,
        command: &str,
        asked: &mut dyn FnMut(&str) -> Answer,
    ) -> Result<Secret, Failure> {
        if command.len() > LINE || command.contains(['\n', '\r', '\0']) {
            return Err(Failure::Protocol("a command is too long"));
        }
        self.send(&[command.as_bytes()])?;
        self.answer(asked)
    }

    /// As [`Connection::command`], where nothing is asked back.
    pub(super) fn simple(&mut self, command: &str) -> Result<Secret, Failure> {
        self.command(command, &mut |_| Answer::Cancel)
    }

    fn send(&mut self, parts: &[&[u8]]) -> Result<(), Failure> {
        let mut line = Zeroizing::new(Vec::with_capacity(LINE + 1));
        for part in parts {
            line.extend_from_slice(part);
        }
        line.push(b'\n');
        self.writer.write_all(&line)?;
        self.writer.flush()?;
        Ok(())
    }

    fn answer(&mut self, asked: &mut dyn FnMut(&str) -> Answer) -> Result<Secret, Failure> {
        let mut data: Secret = Zeroizing::new(Vec::with_capacity(DATA));
        for _ in 0..LINES {
            let line = self.line()?;
            let (word, rest) = match line.iter().position(|octet| *octet == b' ') {
                Some(at) => line.split_at_checked(at).unwrap_or((&line, &[])),
                None => (line.as_slice(), &[][..]),
            };
            let rest = rest.get(1..).unwrap_or_default();
            match word {
                b"OK" => return Ok(data),
                b"ERR" => return Err(refusal(rest)),
                b"D" => decode(rest, &mut data)?,
                b"INQUIRE" => {
                    let question = String::from_utf8_lossy(rest).into_owned();
                    match asked(&question) {
                        Answer::Data(answer) => {
                            self.data(&answer)?;
                            self.send(&[b"END"])?;
                        }
                        Answer::Cancel => self.send(&[b"CAN"])?,
                    }
                }
                b"S" => {}
                other if other.first() == Some(&b'#') => {}
                _ => return Err(Failure::Protocol("a line begins with no known word")),
            }
        }
        Err(Failure::Protocol("an answer has too many lines"))
    }

    /// Sends data in as many lines as it takes.
    fn data(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let mut line = Zeroizing::new(Vec::with_capacity(LINE));
        for octet in octets {
            match octet {
                b'%' | b'\r' | b'\n' => line.extend_from_slice(format!("%{octet:02X}").as_bytes()),
                other => line.push(*other),
            }
            // "D " and one more escape have to find room.
            if line.len() > LINE - 5 {
                self.send(&[b"D ", &line])?;
                line.clear();
            }
        }
        if line.is_empty() {
            return Ok(());
        }
        self.send(&[b"D ", &line])
    }

    /// One line, without its end.
    fn line(&mut self) -> Result<Secret, Failure> {
        let mut line: Secret = Zeroizing::new(Vec::with_capacity(LINE + 1));
        loop {
            let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
            let end = unread.iter().position(|octet| *octet == b'\n');
            let taken = unread
                .get(..end.unwrap_or(unread.len()))
                .unwrap_or_default();
            if line.len() + taken.len() > LINE + 1 {
                return Err(Failure::Protocol("a line is too long"));
            }
            line.extend_from_slice(taken);
            self.unread.start += taken.len();
            if end.is_some() {
                self.unread.start += 1;
                return Ok(line);
            }
            let count = match self.reader.read(&mut self.buffer) {
                Ok(0) => return Err(Failure::Ended),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => return Err(error.into()),
            };
            self.unread = 0..count;
        }
    }
}

/// `%XX` and plain octets.
fn decode(mut text: &[u8], data: &mut Secret) -> Result<(), Failure> {
    while let Some((first, rest)) = text.split_first() {
        let (octet, rest) = if *first == b'%' {
            let (digits, rest) = rest
                .split_at_checked(2)
                .ok_or(Failure::Protocol("data ends within an escape"))?;
            let octet = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(Failure::Protocol("data has a wrong escape"))?;
            (octet, rest)
        } else {
            (*first, rest)
        };
        if data.len() == DATA {
            return Err(Failure::Protocol("an answer has too much data"));
        }
        data.push(octet);
        text = rest;
    }
    Ok(())
}

/// `CODE WORDS`; the code's upper half says which program it is of.
fn refusal(text: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(text);
    let (code, words) = text.split_once(' ').unwrap_or((&text, ""));
    let Ok(code) = code.parse::<u32>() else {
        return Failure::Protocol("an error has no number");
    };
    let code = u16::try_from(code & 0xffff).unwrap_or_default();
    Failure::Refused {
        code,
        text: words.trim().to_owned(),
    }
}

/// Escapes a text for a command: `%XX`, and `+` for a space.
pub(super) fn escaped(text: &str, limit: usize) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let mut utf8 = [0; 4];
        let one: String = character
            .encode_utf8(&mut utf8)
            .bytes()
            .map(|octet| match octet {
                b' ' => "+".to_owned(),
                plain if plain.is_ascii_alphanumeric() || b"-.,:@()<>/_".contains(&plain) => {
                    char::from(plain).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        if escaped.len() + one.len() > limit {
            break;
        }
        escaped.push_str(&one);
    }
    escaped
}

#[cfg(test)]
mod tests;
