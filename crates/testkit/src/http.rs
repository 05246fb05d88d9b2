//! A small HTTP/1.1 server of files, for the clients that fetch: it keeps a log of what
//! was asked for.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The path asked for, without its leading slash.
    pub path: String,
    /// 200 or 404.
    pub status: u16,
}

/// A server of one folder on a port of 127.0.0.1 that the system picked; it ends with its
/// value. It answers GET and HEAD, keeps connections open, and knows neither ranges nor
/// conditions: clients then take the whole file.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    log: Mutex<Vec<Request>>,
    stopped: AtomicBool,
}

impl Server {
    /// Serves this folder from now on.
    pub fn of(folder: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            log: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let listening = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().flatten() {
                    if shared.stopped.load(Ordering::SeqCst) {
                        break;
                    }
                    let shared = Arc::clone(&shared);
                    // A client that hangs up in between is its own affair.
                    std::thread::spawn(move || shared.converse(&stream));
                }
            }
        });
        Self {
            address,
            shared,
            listening: Some(listening),
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What was asked for until now, in order.
    pub fn log(&self) -> Vec<Request> {
        self.shared.log().clone()
    }

    /// As [`Self::log`], and forgets it.
    pub fn take_log(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn log(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers requests until the client ends the connection.
    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut reader = BufReader::new(stream);
        while let Some((method, target)) = head(&mut reader)? {
            let (path, file) = self.find(&target);
            let found = file.as_ref().is_some_and(|file| file.is_file());
            let status = if found { 200 } else { 404 };
            self.log().push(Request { path, status });
            let body = match file {
                Some(file) if found => std::fs::read(file)?,
                _ => b"not found\n".to_vec(),
            };
            let reason = if found { "OK" } else { "Not Found" };
            let mut answer = format!(
                "HTTP/1.1 {status} {reason}\r\nContent-Length: {}\r\n\
                 Content-Type: application/octet-stream\r\n\r\n",
                body.len()
            )
            .into_bytes();
            if method != "HEAD" {
                answer.extend(body);
            }
            let mut writer = stream;
            writer.write_all(&answer)?;
        }
        Ok(())
    }

    /// The path without escapes, and the file it names, unless it climbs.
    fn find(&self, target: &str) -> (String, Option<PathBuf>) {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = unescaped(path).trim_start_matches('/').to_owned();
        let climbs = Path::new(&path)
            .components()
            .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        let file = (!climbs).then(|| self.folder.join(&path));
        (path, file)
    }
}

/// Method and target of the next request; `None` at the end.
fn head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<(String, String)>> {
    let mut request = String::new();
    loop {
        let mut line = String::new();
        if reader.take(16_384).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() && !request.is_empty() {
            break;
        }
        if request.is_empty() {
            line.clone_into(&mut request);
        }
    }
    let mut words = request.split(' ').map(str::to_owned);
    Ok(words.next().zip(words.next()))
}

/// Resolves `%2b` and the like.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &Server, requests: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(requests.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn it_serves_what_lies_beneath_its_folder_and_writes_it_down() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("served/pool")).unwrap();
        std::fs::write(folder.path().join("served/pool/a+b"), "content").unwrap();
        std::fs::write(folder.path().join("outside"), "secret").unwrap();
        let server = Server::of(&folder.path().join("served"));
        let answer = ask(
            &server,
            "GET /pool/a%2bb HTTP/1.1\r\nHost: x\r\n\r\nHEAD /pool/a+b HTTP/1.1\r\n\r\n\
             GET /../outside HTTP/1.1\r\n\r\nGET /pool HTTP/1.1\r\n\r\n",
        );
        assert_eq!(answer.matches("200 OK").count(), 2, "{answer}");
        assert_eq!(answer.matches("Content-Length: 7").count(), 2, "{answer}");
        assert_eq!(answer.matches("content").count(), 1, "{answer}");
        assert_eq!(answer.matches("404 Not Found").count(), 2, "{answer}");
        let paths: Vec<_> = server.log().into_iter().map(|r| r.path).collect();
        assert_eq!(paths, ["pool/a+b", "pool/a+b", "../outside", "pool"]);
        assert_eq!(server.take_log().len(), 4);
        assert!(server.log().is_empty());
    }
}
