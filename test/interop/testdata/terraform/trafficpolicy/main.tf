# Traffic policies as Terraform makes them. "start" chooses the rule that the
# document begins with; another one is another version.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

variable "ttl" {
  default = 60
}

resource "aws_route53_zone" "zone" {
  name = "tp.example"
}

data "aws_route53_traffic_policy_document" "all" {
  record_type = "A"
  start_rule  = "where"

  endpoint {
    id    = "one"
    type  = "value"
    value = "192.0.2.1"
  }
  endpoint {
    id    = "two"
    type  = "value"
    value = "192.0.2.2"
  }
  endpoint {
    id    = "lb"
    type  = "application-load-balancer"
    value = "app-1.us-east-1.elb.amazonaws.com"
  }
  endpoint {
    id     = "banner"
    type   = "s3-website"
    region = "us-east-1"
    value  = "www.tp.example"
  }

  rule {
    id   = "where"
    type = "geo"
    location {
      rule_reference = "switch"
      is_default     = true
    }
    location {
      rule_reference         = "near"
      country                = "US"
      subdivision            = "CA"
      evaluate_target_health = false
    }
    location {
      endpoint_reference = "banner"
      continent          = "AN"
    }
  }
  rule {
    id   = "switch"
    type = "failover"
    primary {
      endpoint_reference     = "one"
      evaluate_target_health = false
    }
    secondary {
      rule_reference = "fast"
    }
  }
  rule {
    id   = "fast"
    type = "latency"
    region {
      region             = "us-east-1"
      endpoint_reference = "lb"
    }
    region {
      region         = "eu-west-1"
      rule_reference = "all"
    }
  }
  rule {
    id   = "all"
    type = "multivalue"
    items {
      endpoint_reference = "one"
    }
    items {
      endpoint_reference = "two"
    }
  }
  rule {
    id   = "near"
    type = "geoproximity"
    geo_proximity_location {
      endpoint_reference = "one"
      region             = "aws:route53:us-west-2"
      bias               = "10"
    }
    geo_proximity_location {
      endpoint_reference     = "two"
      latitude               = "51.50"
      longitude              = "-0.07"
      evaluate_target_health = true
    }
  }
}

resource "aws_route53_traffic_policy" "all" {
  name     = "terraform"
  comment  = "by Terraform"
  document = data.aws_route53_traffic_policy_document.all.json
}

resource "aws_route53_traffic_policy_instance" "www" {
  name                   = "www.tp.example"
  hosted_zone_id         = aws_route53_zone.zone.zone_id
  traffic_policy_id      = aws_route53_traffic_policy.all.id
  traffic_policy_version = aws_route53_traffic_policy.all.version
  ttl                    = var.ttl
}
