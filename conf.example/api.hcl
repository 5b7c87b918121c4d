# A service with a check that fails until something answers on port 9090, so it is kept out of DNS.
# To see it come up within seconds: python3 -m http.server 9090
service {
  name = "api"
  port = 9090
  tags = ["v2"]

  check {
    http     = "http://127.0.0.1:9090/"
    interval = "5s"
    timeout  = "1s"
  }
}
