# Everything of Route 53 that open53 has and that Terraform can make.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

variable "force_destroy" {
  default = true
}

resource "aws_route53_delegation_set" "shared" {
  reference_name = "terraform"
}

resource "aws_route53_zone" "public" {
  name              = "tf.example"
  comment           = "by Terraform: <ünïcode> & \"quotes\""
  delegation_set_id = aws_route53_delegation_set.shared.id
  tags              = { Name = "public", empty = "" }
}

resource "aws_route53_zone" "private" {
  name = "private.tf.example"
  vpc { vpc_id = "vpc-0123abcd" }
  tags = { Name = "private" }
}

resource "aws_route53_zone" "sub" {
  name          = "sub.tf.example"
  force_destroy = var.force_destroy
}

resource "aws_route53_vpc_association_authorization" "other" {
  zone_id = aws_route53_zone.private.id
  vpc_id  = "vpc-89abcdef"
}

resource "aws_route53_zone_association" "third" {
  zone_id = aws_route53_zone.associated.id
  vpc_id  = "vpc-11111111"
}

resource "aws_route53_zone" "associated" {
  name = "associated.tf.example"
  vpc { vpc_id = "vpc-22222222" }
  lifecycle { ignore_changes = [vpc] } # the association has a resource of its own
}

locals {
  elb    = "Z35SXDOTRQ7X7K" # load balancers in us-east-1
  digest = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
  simple = {
    "a A"            = ["192.0.2.1", "192.0.2.2"]
    "aaaa AAAA"      = ["2001:db8::1"]
    "caa CAA"        = ["0 issue \"ca.example.net\"", "0 iodef \"mailto:x@example.net\""]
    "cname CNAME"    = ["a.tf.example"]
    "cut DS"         = ["12345 13 2 ${local.digest}"]
    "cut NS"         = ["ns1.example.net.", "ns2.example.net."]
    "https HTTPS"    = ["1 . alpn=h2,h3 ipv4hint=192.0.2.1"]
    "mx MX"          = ["10 a.tf.example", "20 mail.example.net."]
    "naptr NAPTR"    = ["100 50 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" ."]
    "ptr PTR"        = ["a.tf.example"]
    "spf SPF"        = ["v=spf1 -all"]
    "_sip._tcp SRV"  = ["1 2 5060 a.tf.example"]
    "sshfp SSHFP"    = ["4 2 ${local.digest}"]
    "svcb SVCB"      = ["16 a.tf.example port=8443"]
    "_443._tcp TLSA" = ["3 1 1 ${local.digest}"]
    "*.wild TXT"     = ["one", "two words \\\"quoted\\\""]
    "UPPER TXT"      = ["case"]
    "under_score A"  = ["192.0.2.9"]
  }
}

resource "aws_route53_record" "simple" {
  for_each = local.simple
  zone_id  = aws_route53_zone.public.zone_id
  name     = split(" ", each.key)[0]
  type     = split(" ", each.key)[1]
  ttl      = 60
  records  = each.value
}

resource "aws_route53_record" "soa" {
  zone_id         = aws_route53_zone.public.zone_id
  name            = aws_route53_zone.public.name
  type            = "SOA"
  ttl             = 300
  allow_overwrite = true
  records         = ["ns1.open53.internal. hostmaster.tf.example. 1 7200 900 1209600 300"]
}

resource "aws_route53_record" "ns" {
  zone_id         = aws_route53_zone.public.zone_id
  name            = aws_route53_zone.public.name
  type            = "NS"
  ttl             = 3600
  allow_overwrite = true
  records         = [for n in aws_route53_zone.public.name_servers : "${n}."]
}

resource "aws_route53_record" "long_txt" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "long.tf.example"
  type    = "TXT"
  ttl     = 0
  records = [join("\"\"", [join("", [for i in range(255) : "a"]), join("", [for i in range(100) : "b"])])]
}

resource "aws_route53_record" "alias" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "tf.example"
  type    = "A"
  alias {
    zone_id                = local.elb
    name                   = "dualstack.lb-1.us-east-1.elb.amazonaws.com"
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "delegation" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "sub"
  type    = "NS"
  ttl     = 300
  records = aws_route53_zone.sub.name_servers
}

resource "aws_route53_record" "in_sub" {
  zone_id = aws_route53_zone.sub.zone_id
  name    = "www"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.77"]
}

resource "aws_route53_record" "in_private" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "www"
  type    = "A"
  ttl     = 60
  records = ["10.0.0.1"]
}

resource "aws_route53_record" "weighted" {
  for_each       = { none = 0, some = 10, most = 255 }
  zone_id        = aws_route53_zone.public.zone_id
  name           = "weighted"
  type           = "A"
  ttl            = 60
  set_identifier = each.key
  records        = ["192.0.2.${each.value}"]
  weighted_routing_policy { weight = each.value }
}

resource "aws_route53_record" "latency" {
  for_each       = toset(["eu-central-1", "us-east-1"])
  zone_id        = aws_route53_zone.public.zone_id
  name           = "latency"
  type           = "AAAA"
  ttl            = 60
  set_identifier = each.key
  records        = ["2001:db8::1"]
  latency_routing_policy { region = each.key }
}

resource "aws_route53_record" "failover" {
  for_each       = toset(["PRIMARY", "SECONDARY"])
  zone_id        = aws_route53_zone.public.zone_id
  name           = "failover"
  type           = "A"
  set_identifier = each.key
  failover_routing_policy { type = each.key }
  alias {
    zone_id                = local.elb
    name                   = "${lower(each.key)}.us-east-1.elb.amazonaws.com"
    evaluate_target_health = each.key == "PRIMARY"
  }
}

resource "aws_route53_record" "geolocation" {
  for_each       = { default = ["", "*", ""], eu = ["EU", "", ""], de = ["", "DE", ""], ny = ["", "US", "NY"] }
  zone_id        = aws_route53_zone.public.zone_id
  name           = "geolocation"
  type           = "TXT"
  ttl            = 60
  set_identifier = each.key
  records        = [each.key]
  geolocation_routing_policy {
    continent   = each.value[0] == "" ? null : each.value[0]
    country     = each.value[1] == "" ? null : each.value[1]
    subdivision = each.value[2] == "" ? null : each.value[2]
  }
}

resource "aws_route53_record" "geoproximity_region" {
  zone_id        = aws_route53_zone.public.zone_id
  name           = "geoproximity"
  type           = "A"
  ttl            = 60
  set_identifier = "region"
  records        = ["192.0.2.1"]
  geoproximity_routing_policy {
    aws_region = "eu-west-1"
    bias       = 10
  }
}

resource "aws_route53_record" "geoproximity_coordinates" {
  zone_id        = aws_route53_zone.public.zone_id
  name           = "geoproximity"
  type           = "A"
  ttl            = 60
  set_identifier = "coordinates"
  records        = ["192.0.2.2"]
  geoproximity_routing_policy {
    coordinates {
      latitude  = "52.52"
      longitude = "-13.40"
    }
    bias = -20
  }
}

resource "aws_route53_record" "multivalue" {
  count                            = 3
  zone_id                          = aws_route53_zone.public.zone_id
  name                             = "multivalue"
  type                             = "A"
  ttl                              = 60
  set_identifier                   = "m${count.index}"
  records                          = ["192.0.2.${count.index}"]
  multivalue_answer_routing_policy = true
}

resource "aws_route53_cidr_collection" "offices" {
  name = "offices"
}

resource "aws_route53_cidr_location" "berlin" {
  cidr_collection_id = aws_route53_cidr_collection.offices.id
  name               = "berlin"
  cidr_blocks        = ["203.0.113.0/24", "2001:db8::/32"]
}

resource "aws_route53_record" "cidr" {
  for_each       = { berlin = aws_route53_cidr_location.berlin.name, rest = "*" }
  zone_id        = aws_route53_zone.public.zone_id
  name           = "cidr"
  type           = "A"
  ttl            = 60
  set_identifier = each.key
  records        = ["192.0.2.1"]
  cidr_routing_policy {
    collection_id = aws_route53_cidr_collection.offices.id
    location_name = each.value
  }
}

data "aws_route53_zone" "by_name" {
  name       = "tf.example."
  depends_on = [aws_route53_zone.public]
}

data "aws_route53_zone" "by_tags" {
  name         = "private.tf.example"
  private_zone = true
  tags         = { Name = "private" }
  depends_on   = [aws_route53_zone.private]
}

data "aws_route53_delegation_set" "shared" {
  id = aws_route53_delegation_set.shared.id
}

output "found" {
  value = [
    data.aws_route53_zone.by_name.zone_id == aws_route53_zone.public.zone_id,
    data.aws_route53_zone.by_tags.zone_id == aws_route53_zone.private.zone_id,
    length(data.aws_route53_delegation_set.shared.name_servers),
  ]
}
