//! An agent that ends in the middle of a run.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pkgseal_testkit::keys;

use super::{Shop, TIME, beside, gpgv};
use crate::run::{listing, pkgseal, private_key};

/// What a relay does instead of passing on.
#[derive(Clone, Copy)]
enum Fault {
    /// After so many signatures it hangs up on everybody and is gone.
    End(usize),
    /// It answers so many requests as an agent without memory does.
    NoMemory(usize),
}

/// What a relay says for an agent without memory (`GPG_ERR_ENOMEM`).
const NO_MEMORY: &[u8] = b"ERR 67141718 Cannot allocate memory <GPG Agent>\n";

struct Relay {
    fault: Fault,
    socket: PathBuf,
    real: PathBuf,
    asked: AtomicUsize,
    open: Mutex<Vec<UnixStream>>,
}

impl Relay {
    /// Stands where the agent listens, and passes everything on but for the fault.
    fn start(socket: &Path, fault: Fault) {
        let real = socket.with_extension("real");
        fs::rename(socket, &real).unwrap();
        let listener = UnixListener::bind(socket).unwrap();
        let relay = Arc::new(Self {
            fault,
            socket: socket.to_owned(),
            real,
            asked: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if relay.has_ended() {
                    return;
                }
                relay.open.lock().unwrap().push(client.try_clone().unwrap());
                let relay = relay.clone();
                std::thread::spawn(move || relay.pass_on(client));
            }
        });
    }

    fn has_ended(&self) -> bool {
        matches!(self.fault, Fault::End(after) if self.asked.load(Ordering::SeqCst) > after)
    }

    fn pass_on(&self, mut client: UnixStream) {
        let mut agent = UnixStream::connect(&self.real).unwrap();
        let mut back = (agent.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
        let requests = BufReader::new(client.try_clone().unwrap());
        for line in requests.split(b'\n') {
            let Ok(mut line) = line else { return };
            line.push(b'\n');
            if line.starts_with(b"PKSIGN") {
                let before = self.asked.fetch_add(1, Ordering::SeqCst);
                match self.fault {
                    Fault::End(after) if before >= after => return self.end(),
                    Fault::NoMemory(times) if before < times => {
                        client.write_all(NO_MEMORY).unwrap();
                        continue;
                    }
                    _ => {}
                }
            }
            if agent.write_all(&line).is_err() {
                return;
            }
        }
    }

    fn end(&self) {
        let _ = fs::remove_file(&self.socket);
        for client in self.open.lock().unwrap().iter() {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// "Cannot allocate memory": fewer connections, and again.
#[test]
fn an_agent_without_memory_is_asked_again() {
    let key = keys::load("good");
    for (times, status) in [(3, 0), (1000, 2)] {
        let Some(shop) = Shop::new(&[&key]) else {
            return;
        };
        let files: Vec<PathBuf> = (0..20)
            .map(|number| shop.put(&format!("many/{number}"), "notes\n"))
            .collect();
        Relay::start(&shop.socket(), Fault::NoMemory(times));
        let run = shop.call("sign", &key).args(&files).run().expect(status);
        if status == 0 {
            for file in &files {
                gpgv(&key, &beside(file), Some(file));
            }
        } else {
            assert!(
                run.stderr.contains("not enough locked memory")
                    && run.stderr.contains("auto-expand-secmem"),
                "{}",
                run.stderr
            );
            assert_eq!(listing(&shop.path("many")).len(), 20, "nothing is written");
        }
    }
}

#[test]
fn an_agent_that_ends_midway_loses_nothing() {
    let key = keys::load("good");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let files: Vec<PathBuf> = (0..300)
        .map(|number| shop.put(&format!("many/{number:03}"), format!("{number}\n")))
        .collect();
    // What an earlier run left: signatures of another key.
    let earlier = private_key(shop.folder.path(), "good-rsa2048.key.asc");
    pkgseal(["sign", "--time", TIME, "--key"])
        .arg(&earlier)
        .args(&files)
        .run()
        .expect(0);
    let before: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs::read(beside(file)).unwrap())
        .collect();
    let names = listing(&shop.path("many"));

    Relay::start(&shop.socket(), Fault::End(120));
    let run = shop.call("sign", &key).args(&files).run().expect(2);
    run.complains("gpg-agent ended");
    assert!(
        run.stderr.contains("hint: ") && run.stderr.contains("gpgconf --launch gpg-agent"),
        "{}",
        run.stderr
    );
    assert_eq!(listing(&shop.path("many")), names, "no litter");
    for (file, before) in files.iter().zip(&before) {
        if fs::read(beside(file)).unwrap() != *before {
            gpgv(&key, &beside(file), Some(file));
        }
    }

    // A new agent, and the same command.
    shop.call("sign", &key).args(&files).run().expect(0);
    for file in [&files[0], &files[150], &files[299]] {
        gpgv(&key, &beside(file), Some(file));
    }
    pkgseal(["verify", "--time", TIME, "--keyring"])
        .arg(key.certificate_path())
        .args(&files)
        .run()
        .expect(0);
}
