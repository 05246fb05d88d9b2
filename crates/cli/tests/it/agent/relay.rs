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

/// Stands where the agent listens, passes everything on, and after so many signatures
/// hangs up on everybody and is gone.
fn relay(socket: &Path, signatures: usize) {
    let real = socket.with_extension("real");
    fs::rename(socket, &real).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    let socket = socket.to_owned();
    let asked = Arc::new(AtomicUsize::new(0));
    let open: Arc<Mutex<Vec<UnixStream>>> = Arc::default();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            if asked.load(Ordering::SeqCst) > signatures {
                return;
            }
            let agent = UnixStream::connect(&real).unwrap();
            let mut back = (agent.try_clone().unwrap(), client.try_clone().unwrap());
            open.lock().unwrap().push(client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
            let (asked, open, socket) = (asked.clone(), open.clone(), socket.clone());
            std::thread::spawn(move || {
                let mut agent = agent;
                for line in BufReader::new(client).split(b'\n') {
                    let Ok(mut line) = line else { return };
                    let sign = line.starts_with(b"PKSIGN");
                    if sign && asked.fetch_add(1, Ordering::SeqCst) >= signatures {
                        let _ = fs::remove_file(&socket);
                        for client in open.lock().unwrap().iter() {
                            let _ = client.shutdown(Shutdown::Both);
                        }
                        return;
                    }
                    line.push(b'\n');
                    if agent.write_all(&line).is_err() {
                        return;
                    }
                }
            });
        }
    });
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

    relay(&shop.socket(), 120);
    let run = shop.call("sign", &key).args(&files).run().expect(2);
    assert!(run.stderr.contains("gpg-agent ended"), "{}", run.stderr);
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
