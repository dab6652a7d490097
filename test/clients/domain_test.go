package clients

const ownDomain = "example.test"
