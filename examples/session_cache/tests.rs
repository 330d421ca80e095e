//! Sessions over real sockets.

use super::*;

#[test]
fn sessions_that_are_over_are_refused() {
    let idle = Duration::from_secs(1);
    let (_runtime, address) = serve(Arc::new(App::new(60, idle))).unwrap();
    let mut server = io::BufReader::new(std::net::TcpStream::connect(address).unwrap());
    let mut ask = |path, token: &str, body| drive::ask(&mut server, path, token, body).unwrap();

    let [(200, left), (200, ended)] = [ask("/login", "", "7"), ask("/login", "", "8")] else {
        panic!("a session was refused");
    };
    assert_eq!(ask("/use", &left, ""), (200, "hello, user 7".to_owned()));
    assert_eq!(ask("/logout", &ended, ""), (200, "good bye, user 8".to_owned()));
    assert_eq!(ask("/use", &ended, "").0, 401);
    std::thread::sleep(idle);
    assert_eq!(ask("/use", &left, "").0, 401);
    assert_eq!(ask("/logout", &left, "").0, 401);
    for no_token in ["", "7", &format!("+{}", &left[1..]), &left[1..]] {
        assert_eq!(ask("/use", no_token, "").0, 401);
    }
    assert_eq!(ask("/login", "", "ann").0, 400);
}

#[test]
fn handlers_make_no_heap_call() {
    let idle = Duration::from_millis(20);
    let app = Arc::new(App::new(10, idle));
    let (_runtime, address) = serve(app.clone()).unwrap();
    drive::drive(address, 200, idle);
    app.heap_calls.store(0, Ordering::Relaxed);
    assert_eq!(drive::drive(address, 1_000, idle).len(), 1_000);
    assert_eq!(app.heap_calls.load(Ordering::Relaxed), 0);
    let stats = app.stats();
    assert!(stats.hits > 0 && stats.expired + stats.evicted > 0, "{stats}");

    // The count is at work.
    let _ = app.answer(|| Ok(line(format_args!("{}", String::from("a block")))));
    assert_eq!(app.heap_calls.load(Ordering::Relaxed), 2);
}
