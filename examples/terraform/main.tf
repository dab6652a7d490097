# An office connected to a VPC by an IPsec tunnel, on a Gatewright server.
#
# Nothing here is special to Gatewright: where the calls go and who makes them comes
# from the environment, see run.sh.

terraform {
  required_providers {
    tencentcloud = {
      source = "tencentcloudstack/tencentcloud"
    }
  }
}

provider "tencentcloud" {
  region = "ap-guangzhou"
}

variable "office_address" {
  description = "The public IPv4 address of the office's router."
  default     = "203.0.113.10"
}

variable "pre_shared_key" {
  description = "The secret that both ends of the tunnel know."
  default     = "change-me-before-use"
  sensitive   = true
}

resource "tencentcloud_vpc" "main" {
  name       = "gatewright-example"
  cidr_block = "10.20.0.0/16"

  tags = {
    example = "terraform"
  }
}

resource "tencentcloud_vpn_gateway" "main" {
  name      = "gatewright-example"
  vpc_id    = tencentcloud_vpc.main.id
  bandwidth = 5
  zone      = "ap-guangzhou-3"

  tags = {
    example = "terraform"
  }
}

resource "tencentcloud_vpn_customer_gateway" "office" {
  name              = "office"
  public_ip_address = var.office_address
}

resource "tencentcloud_vpn_connection" "office" {
  name                = "office"
  vpc_id              = tencentcloud_vpc.main.id
  vpn_gateway_id      = tencentcloud_vpn_gateway.main.id
  customer_gateway_id = tencentcloud_vpn_customer_gateway.office.id
  pre_share_key       = var.pre_shared_key

  ike_version                = "IKEV2"
  ike_proto_encry_algorithm  = "AES-CBC-256"
  ike_proto_authen_algorithm = "SHA-256"
  ike_dh_group_name          = "GROUP14"
  ike_local_identity         = "ADDRESS"
  ike_local_address          = tencentcloud_vpn_gateway.main.public_ip_address
  ike_remote_identity        = "ADDRESS"
  ike_remote_address         = var.office_address

  ipsec_encrypt_algorithm   = "AES-CBC-256"
  ipsec_integrity_algorithm = "SHA-256"
  ipsec_pfs_dh_group        = "DH-GROUP14"

  security_group_policy {
    local_cidr_block  = "10.20.0.0/16"
    remote_cidr_block = ["192.168.10.0/24"]
  }
}

output "gateway_address" {
  value = tencentcloud_vpn_gateway.main.public_ip_address
}
