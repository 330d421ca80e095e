//! One keep-alive connection to the server.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request without an answer after this time has failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that sends one request at a time.
pub(crate) struct Client {
    address: SocketAddr,
    host: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server at `address`; it connects when it has something to send.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            host: address.to_string(),
            connection: None,
        }
    }

    /// Sends `body` and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// Whatever went wrong on the way, in words; the next request uses a new connection.
    pub(crate) async fn post(&mut self, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        self.send(Method::POST, route, body).await
    }

    /// Asks for what is there and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// As [`post`](Self::post).
    #[allow(dead_code, reason = "for tests: the driver has nothing to ask for")]
    pub(crate) async fn get(&mut self, route: &str) -> Result<(StatusCode, Bytes), String> {
        self.send(Method::GET, route, Bytes::new()).await
    }

    async fn send(&mut self, method: Method, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(method, route, body))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())));
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn exchange(&mut self, method: Method, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let request = Request::builder()
            .method(method)
            .uri(route)
            .header(header::HOST, &self.host)
            .body(Full::new(body))
            .map_err(|error| format!("bad request: {error}"))?;
        let connection = self.connected().await?;
        let answer = connection.send_request(request).await;
        let answer = answer.map_err(|error| format!("sending failed: {error}"))?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await;
        let bytes = bytes.map_err(|error| format!("receiving failed: {error}"))?;
        Ok((status, bytes.to_bytes()))
    }

    /// The connection, opened or opened again if need be.
    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let usable = match self.connection.take() {
            Some(mut connection) => connection.ready().await.ok().map(|()| connection),
            None => None,
        };
        let usable = match usable {
            Some(connection) => connection,
            None => connect(self.address)
                .await
                .map_err(|error| format!("no connection to {}: {error}", self.address))?,
        };
        Ok(self.connection.insert(usable))
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ends when the sender is dropped or the server closes.
    tokio::spawn(connection);
    Ok(sender)
}
